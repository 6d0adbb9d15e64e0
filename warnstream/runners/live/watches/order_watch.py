"""What a running node shows of orders by hand: ceilings, silences, what waits for a person; and their alarms.

Each is one alarm a township, not one a village; none keeps the node from being ready. An alarm reaches
`node.duty_posts`: a release that is due rings the officer.
"""

from collections.abc import Iterable, Sequence

from warnstream.adapters.http.models.orders import HandsRecord
from warnstream.adapters.metrics import Metrics
from warnstream.delivery.texts import title_of
from warnstream.delivery.texts_zh import COLOUR
from warnstream.desk import WarningDesk
from warnstream.desk.hands import TurnedDown, Waiting
from warnstream.lifecycle.voice import NEVER
from warnstream.model.alarms import AlarmPort, AlarmText
from warnstream.model.hands.orders import BoundKind, OrderKind, Silence
from warnstream.model.level import Level
from warnstream.model.network import Villages
from warnstream.model.rules.rules import HazardRule
from warnstream.model.times import TimeZone, clock_local
from warnstream.runners.live.views.orders_json import count_orders
from warnstream.runners.live.watches.standing_alarms import StandingAlarms
from warnstream.runners.live.watches.transfer_watch import TransferWatch

NAMED_MAX = 10
"""So many villages are named in an alarm; of more their number."""

KINDS = ("ceiling", "silence", "release", "second", "response", "order")

SHOWN_ORDERS = 3
"""So many orders of which nothing came are in the text of their alarm, the newest first."""

WORDS_ZH = {
    OrderKind.ISSUE: "发布",
    OrderKind.RAISE: "升级",
    OrderKind.LOWER: "压低",
    OrderKind.END: "解除",
    OrderKind.CORRECT: "更正",
    OrderKind.EXTEND: "延长",
    OrderKind.SILENCE: "静默",
    OrderKind.RELEASE: "放行",
    OrderKind.RESPOND: "应急响应",
    OrderKind.TRANSFER: "转移令",
    OrderKind.TRANSFER_OVER: "险情解除",
    OrderKind.LEAVE_SHELTER: "离开安置点",
    OrderKind.ASSESS: "返回评估",
    OrderKind.RETURN: "返回令",
    OrderKind.TRANSFER_CLOSE: "关闭转移清单",
}
"""What was ordered, in Chinese."""


class OrderWatch:
    """Orders of one node as people see them.

    Parameters
    ----------
    alarms : AlarmPort
    metrics : Metrics
    rules : sequence of HazardRule
        What hazards are called in texts.
    time_zone : TimeZone
        Of the clock in texts.

    Attributes
    ----------
    state : HandsRecord or None
        For ``/api/v1/state``; None before the first step.
    """

    def __init__(
        self, alarms: AlarmPort, metrics: Metrics, rules: Sequence[HazardRule], time_zone: TimeZone
    ) -> None:
        self._alarms, self._metrics = StandingAlarms(alarms, *KINDS), metrics
        self._rules, self._time_zone = rules, time_zone
        self._transfers = TransferWatch(alarms, metrics, time_zone)
        self.state: HandsRecord | None = None

    def adopt(self, standing: Iterable[str]) -> None:
        """Alarms that stood when the node ended: those that are over end at the next step."""
        standing = list(standing)
        self._alarms.adopt(standing)
        self._transfers.adopt(standing)

    def take(self, desk: WarningDesk, villages: Villages, *, is_live: bool) -> None:
        """The situation after a step; one of the past tells no alarm."""
        self.state = count_orders(desk)
        self._metrics.set_hands(
            {
                "floor": self.state.floors,
                "ceiling": self.state.ceilings,
                "silence": self.state.silences,
                "second_person": self.state.waiting_second,
                "release": self.state.waiting_release,
            },
            refused=desk.hands.state.refused,
            lapsed=desk.hands.state.lapsed,
            alone=desk.bulletins.released_alone,
        )
        if is_live:
            self._alarms.show(self._texts_of(desk, villages))
        self._transfers.take(desk, is_live=is_live)

    def _texts_of(self, desk: WarningDesk, villages: Villages) -> dict[str, AlarmText]:
        state = desk.hands.state
        counts = self.state
        texts = self._ceilings(desk, villages) if counts is not None and counts.ceilings else {}
        texts |= self._releases(desk, villages) if counts is not None and counts.waiting_release else {}
        if state.silences:
            texts["silence"] = _silences([self._silence(silence) for silence in state.silences])
        for waiting in state.waiting:
            texts[f"second:{waiting.order.identifier}"] = self._second(waiting)
        if state.turned_down:
            texts["order"] = _turned_down(state.turned_down)
        if state.response is not None:
            word = state.response.response
            texts[f"response:{word}"] = AlarmText(f"state of response {word}", f"{word}级应急响应")
        return texts

    def _silence(self, bound: Silence) -> AlarmText:
        until, n = self._clock(bound.expires_s), len(bound.villages)
        by = f"{bound.author} ({bound.reason})"
        whom = AlarmText(bound.post or bound.hazard or f"{n} villages", bound.post or f"{n}村")
        if bound.hazard and not bound.post:
            whom = whom._replace(zh=self._title(bound.hazard))
        return AlarmText(
            f"{whom.en} until {until} by {by}", f"{whom.zh}至{until}（{bound.author}：{bound.reason}）"
        )

    def _second(self, waiting: Waiting) -> AlarmText:
        order, until = waiting.order, self._clock(waiting.due_s)
        n, command = len(order.villages), f"warnstream release --order {order.identifier}"
        what = COLOUR[order.level] if order.level else ""
        level = f" {order.level.word}" if order.level else ""
        return AlarmText(
            f"an order waits for a second person until {until}: {order.kind} {order.hazard}{level} in {n} "
            f"villages, by {order.author}: {command}",
            f"{order.author}要求{WORDS_ZH[order.kind]}{n}村{self._title(order.hazard)}{what}"
            f"预警，{until}前待第二人确认：{command}",
        )

    def _ceilings(self, desk: WarningDesk, villages: Villages) -> dict[str, AlarmText]:
        found: dict[str, list[AlarmText]] = {}
        for case in desk.bound_cases():
            bound, village, hazard = case.bound, case.warning.village, case.warning.hazard
            if bound is None or bound.kind is not BoundKind.CEILING:
                continue
            until, code = self._clock(bound.expires_s), villages.code[village]
            held = "解除" if bound.level is Level.NONE else COLOUR[bound.level]
            what = f"{villages.name[village] or code}{self._title(hazard)}{COLOUR[case.found]}"
            level = f"{case.found.word} held at {bound.level.word}"
            said = AlarmText(
                f"{code} {hazard} {level} until {until} by {bound.author}",
                f"{what}压为{held}至{until}（{bound.author}）",
            )
            found.setdefault(villages.township[village] or code, []).append(said)
        return {
            f"ceiling:{place}": _listed(AlarmText(f"by hand in {place}: ", f"{place}："), said)
            for place, said in found.items()
        }

    def _releases(self, desk: WarningDesk, villages: Villages) -> dict[str, AlarmText]:
        found: dict[str, list[AlarmText]] = {}
        for village, held in desk.bulletins.waiting():
            code = villages.code[village]
            ends = held.due_s != NEVER
            until = f"until {self._clock(held.due_s)}" if ends else "for ever"
            what = f"{villages.name[village] or code}{self._title(held.hazard)}"
            said = AlarmText(
                f"{code} {held.action} {held.hazard} {held.level.word} {until}",
                f"{what}{COLOUR[held.level] if held.level else '解除'}"
                + (f"至{self._clock(held.due_s)}自动发出" if ends else ""),
            )
            found.setdefault(villages.township[village] or code, []).append(said)
        return {
            f"release:{place}": _listed(
                AlarmText(
                    f"doors of {place} wait for a release (warnstream release): ",
                    f"{place}住户待放行（warnstream release）：",
                ),
                said,
            )
            for place, said in found.items()
        }

    def _title(self, hazard: str) -> str:
        return title_of(hazard, self._rules).zh

    def _clock(self, at_s: int) -> str:
        return clock_local(at_s, self._time_zone)


def _turned_down(orders: Sequence[TurnedDown]) -> AlarmText:
    """Orders that were taken and of which nothing came, the newest first."""
    newest, n = orders[: -SHOWN_ORDERS - 1 : -1], len(orders)
    said = "; ".join(f"{order.what} by {order.author}: {order.why}" for order in newest)
    said_zh = {str(kind): word for kind, word in WORDS_ZH.items()} | {"mark": "转移标记"}
    zh = "；".join(f"{order.author}的{said_zh.get(order.what, order.what)}：{order.why}" for order in newest)
    return AlarmText(f"orders that were taken and not carried out: {n}; {said}", f"{n}项指令未执行：{zh}")


def _silences(said: Sequence[AlarmText]) -> AlarmText:
    return _listed(AlarmText("posts are not told of rises up to orange: ", "橙色及以下升级不通知："), said)


def _listed(begin: AlarmText, said: Sequence[AlarmText]) -> AlarmText:
    """A list of places or orders behind its beginning; of a long one the first and how many more."""
    more, shown = len(said) - NAMED_MAX, said[:NAMED_MAX]
    en = ", ".join(text.en for text in shown) + (f" and {more} more" if more > 0 else "")
    zh = "；".join(text.zh for text in shown) + (f"；另有{more}处" if more > 0 else "")
    return AlarmText(begin.en + en, begin.zh + zh)
