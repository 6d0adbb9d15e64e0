"""What a running node shows of its duty posts: dry villages, open calls for help, and their alarms.

A township has one alarm for its dry villages and one for calls that nobody takes, not one for each: the
duty officer's phone must not ring 598 times in a storm. Their texts name the villages. /readyz names
them and stays ready: a node whose posts sleep must not be taken out of service.
"""

from collections.abc import Iterable, Sequence

from warnstream.adapters.http.models.county import ChainRecord
from warnstream.adapters.http.models.posts import HelpCallRecord
from warnstream.adapters.metrics import Metrics
from warnstream.desk import WarningDesk
from warnstream.model.alarms import AlarmPort, AlarmText
from warnstream.model.hands.roster import Roster
from warnstream.model.network import Villages
from warnstream.model.times import iso_utc
from warnstream.routing.debts import NEVER
from warnstream.routing.help_calls import HelpCall
from warnstream.routing.reports import Unclear
from warnstream.runners.live.watches.standing_alarms import StandingAlarms

NAMED_MAX = 10
"""So many villages are named in an alarm; of more their number."""

KINDS = ("chain", "help", "report", "team", "roster")

NOBODY = AlarmText("nobody on duty has answered for", "责任人均未应答")
SOME = AlarmText("answers are missing for", "责任人应答不齐")

SHOWN_REPORTS = 3
"""So many reports that could not be counted are in the text of their alarm."""

SHOWN_MAX = 1_000
"""So many villages and calls are in the state."""


class ChainWatch:
    """The chain of one node as people see it.

    Parameters
    ----------
    alarms : AlarmPort
        Takes the alarms of `KINDS`.
    metrics : Metrics

    Attributes
    ----------
    state : ChainRecord or None
        For ``/api/v1/state``; None before the first step.
    calls : list of HelpCallRecord
        Open calls for help, oldest first.
    """

    def __init__(self, alarms: AlarmPort, metrics: Metrics) -> None:
        self._alarms, self._metrics = StandingAlarms(alarms, *KINDS), metrics
        self.calls: list[HelpCallRecord] = []
        self.state: ChainRecord | None = None

    def adopt(self, standing: Iterable[str]) -> None:
        """Alarms that stood when the node ended: those that are over end at the next step."""
        self._alarms.adopt(standing)

    def take(self, desk: WarningDesk, villages: Villages, *, is_live: bool) -> None:
        """The situation after a step; one of the past tells no alarm."""
        dry, calls = desk.chains.dry, desk.chains.calls
        untaken = [call for call in calls if call.is_untaken]
        self._metrics.villages_dry.set(len(dry))
        self._metrics.help_open.labels("assigned").set(sum(bool(call.assigned) for call in calls))
        self._metrics.help_open.labels("waiting").set(sum(not call.assigned for call in calls))
        self._metrics.answers_ignored.set(desk.ignored_answers + desk.chains.ignored)
        self.calls = [_record(call, villages) for call in calls]
        reported = desk.chains.of[desk.message_status].reports.state
        n_on_duty = len(reported.on_duty.keys() & desk.chains.placing.posts)
        self._metrics.posts_on_duty.set(n_on_duty)
        self._metrics.reports_unclear.set(reported.n_unclear)
        self._count_teams(desk)
        self._metrics.roster_ending.set(len(desk.chains.roster.ending(desk.chains.now_s)))
        codes = villages.code
        self.state = ChainRecord(
            dry_villages=len(dry),
            dry_codes=[codes[village] for village in dry[:SHOWN_MAX]],
            help_open=len(calls),
            help_untaken=len(untaken),
            posts=len(desk.chains.placing.posts),
            posts_on_duty=n_on_duty,
            reports_unclear=len(reported.unclear),
        )
        if not is_live:
            return
        lacks = desk.chains.heard_in_part
        of_nobody = [village for village in dry if village not in lacks]
        said = [(SOME, [village for village in dry if village in lacks]), (NOBODY, of_nobody)]
        texts = _alarm_texts("chain", said, villages)
        untold = AlarmText("nobody takes calls for help in", "求助无人处理")
        texts |= _alarm_texts("help", [(untold, [call.village for call in untaken])], villages)
        silent = [team for chain in desk.chains.of.values() for team in chain.teams.silent()]
        texts |= _unclear(reported.unclear) | _silent_teams(silent)
        self._alarms.show(texts | _roster_ends(desk.chains.roster, desk.chains.now_s))

    def _count_teams(self, desk: WarningDesk) -> None:
        calls = [call for call in desk.chains.of[desk.message_status].teams.calls.values() if call.is_open]
        answered = sum(call.answered_s != NEVER for call in calls)
        self._metrics.teams_called.labels("answered").set(answered)
        self._metrics.teams_called.labels("waiting").set(len(calls) - answered)


def _silent_teams(teams: Sequence[str]) -> dict[str, AlarmText]:
    """The alarm of rescue teams that were rung in vain."""
    if not teams:
        return {}
    more = f" and {len(teams) - NAMED_MAX} more" if len(teams) > NAMED_MAX else ""
    shown = ", ".join(teams[:NAMED_MAX])
    text = f"rescue teams that have not answered: {shown}{more}"
    return {"team": AlarmText(text, f"救援队未应答：{'、'.join(teams[:NAMED_MAX])}")}


def _roster_ends(roster: Roster, now_s: int) -> dict[str, AlarmText]:
    """The alarm of posts whose shifts are over soon, or are over: nothing ends in silence."""
    ending = roster.ending(now_s)
    if not ending:
        return {}
    more, more_zh = "", ""
    if len(ending) > NAMED_MAX:
        more, more_zh = f" and {len(ending) - NAMED_MAX} more", f"等{len(ending)}个"
    last = iso_utc(roster.last_s(ending[0]))
    said = f"{', '.join(ending[:NAMED_MAX])}{more}"
    text = f"roster.csv ends, the first time at {last}, then the posts' own ways ring: {said}"
    return {
        "roster": AlarmText(
            text, f"值班表将尽，届时改拨岗位自有号码：{'、'.join(ending[:NAMED_MAX])}{more_zh}"
        )
    }


def _unclear(reports: Sequence[Unclear]) -> dict[str, AlarmText]:
    """The alarm of reports that could not be counted, the newest first."""
    if not reports:
        return {}
    newest = reports[: -SHOWN_REPORTS - 1 : -1]
    said = "; ".join(f"{unclear.sender}: {unclear.why}" for unclear in newest)
    n = len(reports)
    return {"report": AlarmText(f"reports that cannot be counted: {n}; {said}", f"{n}条上报无法计入：{said}")}


def _alarm_texts(
    kind: str, said: Sequence[tuple[AlarmText, Iterable[int]]], villages: Villages
) -> dict[str, AlarmText]:
    """Text of each township's alarm by its key: what is said of which villages, with their names."""
    en: dict[str, list[str]] = {}
    zh: dict[str, list[str]] = {}
    for what, where in said:
        for place, inside in _by_township(where, villages).items():
            text = _said(what, [_name(village, villages) for village in inside])
            en.setdefault(place, []).append(text.en)
            zh.setdefault(place, []).append(text.zh)
    return {
        f"{kind}:{place}": AlarmText(f"{', '.join(parts)} of {place}", f"{place}：{'；'.join(zh[place])}")
        for place, parts in en.items()
    }


def _by_township(where: Iterable[int], villages: Villages) -> dict[str, list[int]]:
    """Each village once, by the place under which it is told."""
    of_township: dict[str, dict[int, None]] = {}
    for village in where:
        place = villages.township[village] or villages.name[village] or villages.code[village]
        of_township.setdefault(place, {})[village] = None
    return {place: list(inside) for place, inside in of_township.items()}


def _said(what: AlarmText, names: Sequence[str]) -> AlarmText:
    more, shown = len(names) - NAMED_MAX, names[:NAMED_MAX]
    en = ", ".join(shown) + (f" and {more} more" if more > 0 else "")
    zh = "、".join(shown) + (f"等{len(names)}村" if more > 0 else "")
    return AlarmText(f"{what.en} {en}", f"{zh}{what.zh}")


def _name(village: int, villages: Villages) -> str:
    return villages.name[village] or villages.code[village]


def _record(call: HelpCall, villages: Villages) -> HelpCallRecord:
    return HelpCallRecord(
        help=call.name,
        village=villages.code[call.village],
        name=villages.name[call.village],
        caller=call.caller,
        since=iso_utc(call.opened_s),
        assigned=call.assigned or None,
        assigned_by=call.assigned_by or None,
        is_untaken=call.is_untaken,
        heads=call.heads or None,
    )
