"""What a running node shows of transfer lists: metrics, and alarms of lists that are overdue or lost rows.

An alarm a list, none of which keeps the node from being ready. A look goes through all rows of open lists,
so there is one every `LOOK_S` at most, and every `AGAIN_S` while nobody has said anything.
"""

from collections.abc import Iterable

from warnstream.adapters.metrics import Metrics
from warnstream.desk import WarningDesk
from warnstream.desk.transfers.lists import TransferList
from warnstream.model.alarms import AlarmPort, AlarmText
from warnstream.model.times import TimeZone, clock_local
from warnstream.runners.live.watches.standing_alarms import StandingAlarms
from warnstream.runners.transfers.counters import counters_of

LOOK_S, AGAIN_S = 10, 60
"""Engine time between two looks, where something was said and where nothing was."""

NAMED_MAX = 10
"""So many rows are named in an alarm; of more their number."""


class TransferWatch:
    """Transfer lists of one node as people see them.

    Parameters
    ----------
    alarms : AlarmPort
    metrics : Metrics
    time_zone : TimeZone
        Of the clock in texts.
    """

    def __init__(self, alarms: AlarmPort, metrics: Metrics, time_zone: TimeZone) -> None:
        self._alarms, self._metrics = StandingAlarms(alarms, "transfer"), metrics
        self._time_zone = time_zone
        self._looked_s, self._n_changes = -1, -1

    def adopt(self, standing: Iterable[str]) -> None:
        """Alarms that stood when the node ended: those that are over end at the next step."""
        self._alarms.adopt(standing)

    def take(self, desk: WarningDesk, *, is_live: bool) -> None:
        """The situation after a step; one of the past tells no alarm."""
        is_same = desk.transfers.n_changes == self._n_changes
        if 0 <= desk.now_s - self._looked_s < (AGAIN_S if is_same else LOOK_S):
            return
        self._looked_s, self._n_changes = desk.now_s, desk.transfers.n_changes
        lists = desk.transfers.open
        self._metrics.set_transfers(
            {
                state: sum(transfer_list.state == state for transfer_list in lists)
                for state in ("moving", "out")
            },
            overdue=sum(transfer_list.is_overdue(desk.now_s) for transfer_list in lists),
            counters={counter.counter: (counter.done, counter.total) for counter in counters_of(desk)},
        )
        if is_live:
            self._alarms.show(self._texts_of(desk, lists))

    def _texts_of(self, desk: WarningDesk, lists: list[TransferList]) -> dict[str, AlarmText]:
        found = {}
        for transfer_list in lists:
            if transfer_list.is_overdue(desk.now_s):
                found[f"transfer:{transfer_list.name}"] = self._overdue(transfer_list)
        if lost := desk.transfers.lost():
            names = ", ".join(row.code for row in lost[:NAMED_MAX])
            more = len(lost) - NAMED_MAX
            also, also_zh = (f" and {more} more", f"等{len(lost)}条") if more > 0 else ("", "")
            found["transfer:lost"] = AlarmText(
                f"the register has lost rows of open transfer lists that nobody has confirmed: {names}{also}",
                f"转移清单中未确认安全的对象已不在登记表：{names}{also_zh}",
            )
        return found

    def _overdue(self, one: TransferList) -> AlarmText:
        by = clock_local(one.by_s, self._time_zone)
        late_zh = "，来不及去安置点，就近上高处" if one.is_late else ""
        late = "; too late for the shelter: nearest safe place" if one.is_late else ""
        # Rounded, so that each mark on a long list does not ring the officer again.
        n = one.n_open if one.n_open <= NAMED_MAX else one.n_open - one.n_open % NAMED_MAX
        about, about_zh = ("", "") if n == one.n_open else ("more than ", "余")
        return AlarmText(
            f"transfer {one.name} was to be over by {by}: {about}{n} of {len(one.rows)} rows are open{late} "
            f"(warnstream transfers)",
            f"转移清单{one.name}应在{by}前完成，{len(one.rows)}条中还有{n}{about_zh}条未确认{late_zh}",
        )
