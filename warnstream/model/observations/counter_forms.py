"""What rain counters of a station or a topic have of their own: where they wrap, when their day begins."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CounterForm:
    """What is particular to some counters; None: as for all counters.

    `wrap_mm` is where a running counter begins again at zero, `day_start_s` when
    the rain day begins after midnight of the local clock.
    """

    wrap_mm: float | None = None
    day_start_s: int | None = None

    def over(self, other: "CounterForm") -> "CounterForm":
        """What one form says, and where it says nothing the other."""
        return CounterForm(
            other.wrap_mm if self.wrap_mm is None else self.wrap_mm,
            other.day_start_s if self.day_start_s is None else self.day_start_s,
        )
