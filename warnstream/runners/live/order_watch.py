"""What a running node shows of orders by hand: ceilings, silences, what waits for a person; and their alarms.

Each is one alarm a township, not one a village; none keeps the node from being ready. An alarm reaches
`node.duty_posts`: a release that is due rings the officer.
"""

from collections.abc import Iterable

from warnstream.adapters.http.models.orders import HandsRecord
from warnstream.adapters.metrics import Metrics
from warnstream.desk import WarningDesk
from warnstream.lifecycle.voice import NEVER
from warnstream.model.alarms import AlarmPort
from warnstream.model.hands.orders import BoundKind
from warnstream.model.network import Villages
from warnstream.model.times import clock_local
from warnstream.runners.live.views.orders_json import count_orders

NAMED_MAX = 10
"""So many villages are named in an alarm; of more their number."""

KINDS = ("ceiling", "silence", "release", "second", "response")


class OrderWatch:
    """Orders of one node as people see them.

    Parameters
    ----------
    alarms : AlarmPort
    metrics : Metrics
    utc_offset_s : int
        Of the clock in texts.

    Attributes
    ----------
    state : HandsRecord or None
        For ``/api/v1/state``; None before the first step.
    """

    def __init__(self, alarms: AlarmPort, metrics: Metrics, utc_offset_s: int) -> None:
        self._alarms, self._metrics, self._utc_offset_s = alarms, metrics, utc_offset_s
        self._texts: dict[str, str] = {}
        self.state: HandsRecord | None = None

    def adopt(self, standing: Iterable[str]) -> None:
        """Alarms that stood when the node ended: those that are over end at the next step."""
        self._texts = {key: "" for key in standing if key.partition(":")[0] in KINDS}

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
            self._tell(self._texts_of(desk, villages))

    def _texts_of(self, desk: WarningDesk, villages: Villages) -> dict[str, str]:
        state = desk.hands.state
        counts = self.state
        texts = self._ceilings(desk, villages) if counts is not None and counts.ceilings else {}
        texts |= self._releases(desk, villages) if counts is not None and counts.waiting_release else {}
        if state.silences:
            said = [
                f"{one.post or one.hazard or f'{len(one.villages)} villages'} until "
                f"{self._clock(one.expires_s)} by {one.author} ({one.reason})"
                for one in state.silences
            ]
            texts["silence"] = f"posts are not told of rises up to orange: {_named(said)}"
        for waiting in state.waiting:
            order = waiting.order
            texts[f"second:{order.identifier}"] = (
                f"red of {order.hazard} for {len(order.villages)} villages by {order.author} waits for a "
                f"second person until {self._clock(waiting.due_s)}: warnstream release --order "
                f"{order.identifier}"
            )
        if state.response is not None:
            texts[f"response:{state.response.response}"] = f"state of response {state.response.response}"
        return texts

    def _ceilings(self, desk: WarningDesk, villages: Villages) -> dict[str, str]:
        found: dict[str, list[str]] = {}
        for case in desk.bound_cases():
            bound, village = case.bound, case.warning.village
            if bound is None or bound.kind is not BoundKind.CEILING:
                continue
            place = villages.township[village] or villages.code[village]
            level = f"{case.found.word} held at {bound.level.word} until {self._clock(bound.expires_s)}"
            said = f"{villages.code[village]} {case.warning.hazard} {level} by {bound.author}"
            found.setdefault(place, []).append(said)
        return {f"ceiling:{place}": f"by hand in {place}: {_named(said)}" for place, said in found.items()}

    def _releases(self, desk: WarningDesk, villages: Villages) -> dict[str, str]:
        found: dict[str, list[str]] = {}
        for village, held in desk.bulletins.waiting():
            place = villages.township[village] or villages.code[village]
            until = "for ever" if held.due_s == NEVER else f"until {self._clock(held.due_s)}"
            said = f"{villages.code[village]} {held.action} {held.hazard} {held.level.word} {until}"
            found.setdefault(place, []).append(said)
        return {
            f"release:{place}": f"doors of {place} wait for a release (warnstream release): {_named(said)}"
            for place, said in found.items()
        }

    def _tell(self, texts: dict[str, str]) -> None:
        for key, text in texts.items():
            if self._texts.get(key) != text:
                self._alarms.raise_alarm(key, text, is_blocking=False)
        for key in self._texts.keys() - texts.keys():
            self._alarms.end_alarm(key)
        self._texts = texts

    def _clock(self, at_s: int) -> str:
        return clock_local(at_s, self._utc_offset_s)


def _named(said: list[str]) -> str:
    named = ", ".join(said[:NAMED_MAX])
    return named if len(said) <= NAMED_MAX else f"{named} and {len(said) - NAMED_MAX} more"
