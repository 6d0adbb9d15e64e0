"""Which bulletins go to doors by themselves, and which wait for an officer.

Posts know at once; only doors wait. A rise waits as long as the quickest rule of what is new in it, an
end as long as the slowest of what has ended. What a person has ordered, what has fallen, a reminder and
a correction never wait, nor does something real that interrupts an exercise.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from warnstream.lifecycle.voice import NEVER, Held, Voice
from warnstream.model.bulletins import Action, BulletinCause, Standing
from warnstream.model.hands.orders import AUTOMATIC, MANUAL, ReleasePolicy
from warnstream.model.level import Level
from warnstream.model.times import MINUTE_S

HOLD_S = 10 * MINUTE_S
"""So much longer an officer may have a rise wait, once. An end waits for a person anyway, or can be ended."""

RISES = (BulletinCause.FIRST, BulletinCause.RAISED, BulletinCause.REFUGE)


def hold(
    policy: ReleasePolicy,
    voice: Voice,
    news: tuple[Action, BulletinCause],
    heard: Sequence[Standing],
    now_s: int,
) -> Held | None:
    """What of a village's news waits, and until when; None: it goes now.

    What waits already goes on waiting from its beginning, unless an end has become a rise or the reverse.

    Parameters
    ----------
    policy : ReleasePolicy
    voice : Voice
        `held` is what waited before.
    news : (Action, BulletinCause)
    heard : sequence of Standing
        What it is about, the leading hazard first.
    now_s : int
    """
    action, cause = news
    if cause in RISES:
        wait_s = _wait_of_rise(policy, voice, heard)
        hazard, level = heard[0].hazard, max(warning.level for warning in heard)
    elif cause is BulletinCause.ENDED:
        level = voice.told.worst if voice.told is not None else Level.NONE
        wait_s = _wait_of_end(policy, voice.seen, level)
        hazard = min(voice.ended or voice.seen, default="")
    else:
        return None
    if wait_s == AUTOMATIC:
        return None
    before = voice.held
    is_same = before is not None and before.action.is_end == action.is_end
    since_s = before.since_s if before is not None and is_same else now_s
    longer_s = before.longer_s if before is not None and is_same else 0
    due_s = NEVER if wait_s == MANUAL else since_s + wait_s + longer_s
    return None if NEVER < due_s <= now_s else Held(action, hazard, level, since_s, due_s, longer_s)


def postponed(held: Held | None) -> Held | None:
    """What waits, `HOLD_S` longer; None where nothing can wait longer.

    Once a wait: whoever falls asleep over a doubt does not keep a village from hearing.
    """
    if held is None or held.due_s == NEVER or held.longer_s or held.action.is_end:
        return None
    return replace(held, due_s=held.due_s + HOLD_S, longer_s=HOLD_S)


def _wait_of_rise(policy: ReleasePolicy, voice: Voice, heard: Sequence[Standing]) -> int:
    """Seconds of the quickest rule among what doors were not told at its level yet."""
    told = (
        {warning.hazard: warning.level for warning in voice.latest.standing}
        if voice.latest is not None
        else {}
    )
    new = [warning for warning in heard if warning.level > told.get(warning.hazard, Level.NONE)]
    return _quickest(_wait_of(policy, warning) for warning in new)


def _wait_of(policy: ReleasePolicy, one: Standing) -> int:
    if one.by_hand:
        return AUTOMATIC
    rule = policy.of(one.hazard)
    return (rule.doubtful if one.is_doubtful else rule.rise)[one.level]


def _wait_of_end(policy: ReleasePolicy, hazards: Iterable[str], level: Level) -> int:
    waits = [policy.of(hazard).clear[level] for hazard in hazards]
    return MANUAL if MANUAL in waits else max(waits, default=AUTOMATIC)


def _quickest(waits: Iterable[int]) -> int:
    """The shortest time; manual only where everything is. Automatic where nothing is new."""
    found = list(waits)
    return min((wait_s for wait_s in found if wait_s != MANUAL), default=MANUAL if found else AUTOMATIC)
