"""``expect:``, ``answers:`` and ``signs:`` of a test -> patterns and planned actions, checked by name."""

from collections.abc import Iterator

from warnstream.config.rule_tests.document import (
    AnswerSection,
    CallSection,
    ExpectSection,
    MessageSection,
    NeverSection,
    SignSection,
)
from warnstream.config.rule_tests.plan import (
    DOORS,
    CallPattern,
    Expectation,
    LevelAt,
    MessagePattern,
    NeverReached,
    PlannedAnswer,
    PlannedSign,
    Told,
)
from warnstream.config.rule_tests.scene import Scene
from warnstream.config.rule_tests.timing import Timing
from warnstream.config.yaml.tree import Location
from warnstream.model.bulletins import BulletinCause
from warnstream.model.effects import Answer
from warnstream.model.warning import Cause


def expectations_of(sections: list[ExpectSection], place: Location, timing: Timing) -> Iterator[Expectation]:
    """Everything that must be found; what has a fault is left out."""
    for number, section in enumerate(sections):
        found = _expectation_of(section, (*place, number), timing)
        if found is not None:
            yield found


def _expectation_of(section: ExpectSection, place: Location, timing: Timing) -> Expectation | None:
    scene, line = timing.scene, timing.scene.line_of(place)
    if section.never is not None:
        return _never_of(section, section.never, place, timing)
    if section.message is None and section.call is None:
        village, hazard = _place_of(section, place, scene)
        at_s = None if section.at is None else timing.moment_s((*place, "at"), section.at)
        if village is None or not hazard or at_s is None or section.level is None:
            return None
        return LevelAt(line, at_s, village, hazard, section.level)
    stretch = None if section.within is None else timing.stretch_s((*place, "within"), section.within)
    pattern = _pattern_of(section, place, scene)
    return None if stretch is None or pattern is None else Told(line, *stretch, pattern)


def _never_of(
    section: ExpectSection, never: NeverSection, place: Location, timing: Timing
) -> Expectation | None:
    scene, line = timing.scene, timing.scene.line_of(place)
    stretch: tuple[int, int] | None = (timing.start_s, timing.end_s)
    if section.within is not None:
        stretch = timing.stretch_s((*place, "within"), section.within)
    if never.message is not None or never.call is not None:
        pattern = _pattern_of(never, (*place, "never"), scene)
        return None if stretch is None or pattern is None else Told(line, *stretch, pattern, is_never=True)
    village, hazard = _place_of(never, (*place, "never"), scene)
    if village is None or not hazard or stretch is None or never.level is None:
        return None
    return NeverReached(line, *stretch, village, hazard, never.level)


def _pattern_of(
    section: ExpectSection | NeverSection, place: Location, scene: Scene
) -> MessagePattern | CallPattern | None:
    if section.message is not None:
        return _message_of(section.message, (*place, "message"), scene)
    assert section.call is not None, place
    return _call_of(section.call, (*place, "call"), scene)


def _message_of(section: MessageSection, place: Location, scene: Scene) -> MessagePattern | None:
    n_before = len(scene.faults)
    village, hazard = _place_of(section, place, scene)
    if len(scene.faults) > n_before:
        return None
    return MessagePattern(
        village, hazard, section.level, section.type or "", section.cause or "", section.text or ""
    )


def _call_of(section: CallSection, place: Location, scene: Scene) -> CallPattern | None:
    n_before = len(scene.faults)
    village, hazard = _place_of(section, place, scene)
    if section.to != DOORS:
        scene.known((*place, "to"), section.to, {*scene.posts, DOORS})
    if section.escalated_from is not None:
        scene.known((*place, "escalated_from"), section.escalated_from, scene.posts)
    for key in _misplaced(section):
        whom = "posts" if section.to == DOORS else "doors"
        scene.fault((*place, key), f"only of a call to {whom}")
    words = [str(cause) for cause in (BulletinCause if section.to == DOORS else Cause)]
    if section.cause is not None and section.cause not in words:
        scene.known((*place, "cause"), section.cause, words)
    if len(scene.faults) > n_before:
        return None
    return CallPattern(
        section.to,
        village,
        hazard,
        section.level,
        section.cause or "",
        section.action or "",
        section.escalated_from or "",
        section.again,
        section.answer,
        section.text or "",
    )


def _misplaced(section: CallSection) -> list[str]:
    """Keys that have no meaning for those who are called."""
    keys = ("escalated_from", "again", "answer") if section.to == DOORS else ("action",)
    return [key for key in keys if getattr(section, key) is not None]


def _place_of(
    section: ExpectSection | NeverSection | MessageSection | CallSection, place: Location, scene: Scene
) -> tuple[int | None, str]:
    """Number of the village and name of the hazard, where they are given and known."""
    village, hazard = section.village, section.hazard
    number = None
    if village is not None and scene.known((*place, "village"), village, scene.village):
        number = scene.village[village]
    is_known = hazard is not None and scene.known((*place, "hazard"), hazard, scene.hazards)
    return number, (hazard or "") if is_known else ""


def answers_of(sections: list[AnswerSection], place: Location, timing: Timing) -> Iterator[PlannedAnswer]:
    """Answers of posts and households, in the order of the file."""
    scene = timing.scene
    households = set(scene.configuration.network.households.code) if sections else set()
    for number, section in enumerate(sections):
        here = (*place, number)
        at_s = timing.moment_s((*here, "at"), section.at)
        is_known = scene.known((*here, "by"), section.by, scene.posts | households)
        if at_s is not None and is_known:
            yield PlannedAnswer(scene.line_of(here), at_s, section.by, Answer(section.answer))


def signs_of(sections: list[SignSection], place: Location, timing: Timing) -> Iterator[PlannedSign]:
    """Signs and verdicts, in the order of the file."""
    scene = timing.scene
    kinds = [kind.kind for kind in scene.configuration.signs.kinds]
    for number, section in enumerate(sections):
        here = (*place, number)
        n_before = len(scene.faults)
        at_s = timing.moment_s((*here, "at"), section.at)
        scene.known((*here, "village"), section.village, scene.village)
        scene.known((*here, "kind"), section.kind, kinds)
        scene.known((*here, "by"), section.by, scene.posts)
        if at_s is not None and len(scene.faults) == n_before:
            yield PlannedSign(
                scene.line_of(here), at_s, section.village, section.kind, section.by, section.validated
            )
