"""The duty desk beside the engine: acts of officers, and what a step's state means for whoever is on duty."""

from collections.abc import Callable, Iterable, Iterator

from warnstream.desk import WarningDesk
from warnstream.duty import EVERYWHERE, DutyDesk
from warnstream.lifecycle.alarms import AlarmBook
from warnstream.lifecycle.voice import NEVER
from warnstream.model.alarms import kind_word
from warnstream.model.effects import RecipientAnswer
from warnstream.model.hands.duty import COUNTY, DutyPolicy, Found, Place, Ring, Trouble
from warnstream.model.hands.weekly_calls import TestCall, is_test
from warnstream.model.level import Level
from warnstream.model.network import Villages
from warnstream.runners.intake.entries import decode_act

NOBODY = -1
"""Village of what concerns none."""


class DutyIntake:
    """Feeds a duty desk from entries and steps.

    Parameters
    ----------
    desk : DutyDesk
    villages : Villages
    is_watched : bool
        Whether anybody can see an alarm at all: without a console nothing rings and nothing is asked.
    """

    def __init__(self, desk: DutyDesk, villages: Villages, *, is_watched: bool) -> None:
        self.desk, self.is_watched = desk, is_watched
        self._villages = villages

    @classmethod
    def unwatched(cls, villages: Villages) -> "DutyIntake":
        """Of a node without a console."""
        return cls(DutyDesk(villages.code, ()), villages, is_watched=False)

    def take(self, payload: bytes, now_s: int) -> None:
        """An entry of kind ``act``."""
        self.desk.apply(decode_act(payload), now_s)

    def step(
        self, desk: WarningDesk, alarms: AlarmBook, now_s: int, actions: Iterable[object] = ()
    ) -> list[Ring | TestCall]:
        """After a step that took these actions; whom its state rings, and who is called for a test."""
        answers = [act for act in actions if isinstance(act, RecipientAnswer) and is_test(act.message)]
        calls = self.desk.tests.step(now_s, answers, lambda: _where_orange_stands(desk, self._villages))
        if not self.is_watched or not self.desk.is_due(now_s):
            return [*calls]
        found = troubles_of(desk, alarms, self._villages, self.desk.policy, now_s)
        return [*calls, *self.desk.step(found, now_s)]


def _where_orange_stands(desk: WarningDesk, villages: Villages) -> set[str]:
    """Areas of posts in which orange or red stands."""
    found = {village for village, level in desk.levels().items() if level >= Level.ORANGE}
    named = (villages.code, villages.township, villages.county)
    return {names[village] for village in found for names in named} | ({EVERYWHERE} if found else set())


def place_of(villages: Villages, village: int) -> Place:
    """County and township of a village; where it has none its code stands for the township."""
    return villages.county[village], villages.township[village] or villages.code[village]


def troubles_of(
    desk: WarningDesk, alarms: AlarmBook, villages: Villages, policy: DutyPolicy, now_s: int
) -> list[Found]:
    """Everything that rings an officer as things stand, one a place and trouble."""
    levels, asked = desk.levels(), desk.levels_asked()
    worst: dict[tuple[Place, Trouble], Found] = {}
    for finding in _each(desk, levels, asked, villages, policy, now_s):
        key = finding.place, finding.trouble
        known = worst.get(key)
        if known is None or (finding.badness, finding.level) > (known.badness, known.level):
            worst[key] = finding
    return [*worst.values(), *_of_node(alarms)]


def _each(  # what stands, and what people were asked with transfers
    desk: WarningDesk,
    levels: dict[int, Level],
    asked: dict[int, Level],
    villages: Villages,
    policy: DutyPolicy,
    now_s: int,
) -> Iterator[Found]:
    def found(trouble: Trouble, badness: int, village: int) -> Found:
        place = place_of(villages, village) if village < len(villages) else ("", str(village))
        return Found(place, trouble, badness, village, asked.get(village, Level.NONE))

    for call in desk.chains.calls:
        is_urgent = asked.get(call.village, Level.NONE) >= Level.ORANGE
        if is_urgent and not call.assigned and call.opened_s + policy.help_s <= now_s:
            yield found(Trouble.HELP, call.opened_s, call.village)  # the next one to call is worse
    for village, held in desk.bulletins.waiting():
        if held.due_s != NEVER and held.due_s - policy.release_s <= now_s:
            yield found(Trouble.RELEASE, held.since_s, village)
    yield from _counted(desk.chains.dry, lambda village: asked.get(village) is Level.RED, found)
    for village, level in levels.items():
        if level >= Level.ORANGE:
            yield found(Trouble.RISE, int(level), village)


def _counted(
    dry: Iterable[int], is_red: Callable[[int], bool], found: Callable[[Trouble, int, int], Found]
) -> Iterator[Found]:
    """Red villages where nobody answers: the more of a place, the worse."""
    count: dict[Place, int] = {}
    for village in filter(is_red, dry):
        place = found(Trouble.DRY, 0, village).place
        count[place] = count.get(place, 0) + 1
        yield found(Trouble.DRY, count[place], village)


def _of_node(alarms: AlarmBook) -> list[Found]:
    """Channels that reach nobody, and what keeps the node from being ready."""
    standing = alarms.standing.values()
    channels = sum(kind_word(alarm.key) == "channel" for alarm in standing)
    blocking = sum(alarm.is_blocking and kind_word(alarm.key) != "channel" for alarm in standing)
    counts = {Trouble.CHANNEL: channels, Trouble.NODE: blocking}
    return [Found(COUNTY, trouble, count, NOBODY) for trouble, count in counts.items() if count]
