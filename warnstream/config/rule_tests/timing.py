"""When a test begins and ends, and what its times mean."""

from dataclasses import dataclass

from warnstream.config.rule_tests.document import ExpectSection, TestSection
from warnstream.config.rule_tests.moments import parse_moment
from warnstream.config.rule_tests.scene import Scene
from warnstream.config.yaml.tree import Location
from warnstream.model.times import DAY_S

LENGTH_S_MAX = 62 * DAY_S
"""A test is a storm, or a wet season; what is longer is a replay."""


@dataclass(slots=True)
class Timing:
    """Times of one test; the latest that was asked for is its end.

    Attributes
    ----------
    start_s, end_s : int
        Seconds UTC; the end grows with every time that is asked for.
    """

    scene: Scene
    start_s: int
    end_s: int = 0

    def __post_init__(self) -> None:
        self.end_s = self.start_s

    def moment_s(self, location: Location, text: str) -> int | None:
        """Seconds UTC of a time; None and a fault if it is none."""
        zone = self.scene.configuration.message.time_zone
        try:
            moment_s = parse_moment(text, self.start_s, zone)
        except ValueError as error:
            self.scene.fault(location, str(error))
            return None
        if moment_s - self.start_s > LENGTH_S_MAX:
            days = LENGTH_S_MAX // DAY_S
            self.scene.fault(location, f"expected at most {days} days after the start, got {text!r}")
            return None
        self.end_s = max(self.end_s, moment_s)
        return moment_s

    def stretch_s(self, location: Location, texts: tuple[str, str]) -> tuple[int, int] | None:
        """Begin and end of a stretch; None and a fault if one of them is wrong, or they are swapped."""
        begin_s, end_s = (self.moment_s(location, text) for text in texts)
        if begin_s is None or end_s is None:
            return None
        if end_s < begin_s:
            self.scene.fault(
                location, f"expected [from, to] in the order of time, got [{texts[0]}, {texts[1]}]"
            )
            return None
        return begin_s, end_s

    def take_in(self, test: TestSection, place: Location) -> None:
        """Let the test last as long as all that it expects, and `until`."""
        if test.until is not None:
            self.moment_s((*place, "until"), test.until)
        for number, expectation in enumerate(test.expect):
            self._take_expected(expectation, (*place, "expect", number))

    def _take_expected(self, one: ExpectSection, place: Location) -> None:
        if one.at is not None:
            self.moment_s((*place, "at"), one.at)
        if one.within is not None:
            self.stretch_s((*place, "within"), one.within)
