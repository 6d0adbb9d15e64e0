"""Names, counts and windows of days, in sentences for operators."""

from collections.abc import Sequence

from warnstream.model.observations.days import DayWindow

NAMES_SHOWN_MAX = 5


def name_some(names: Sequence[str]) -> str:
    """The first names of a list, and how many more there are.

    >>> name_some(["G1", "G2"]), name_some([f"V{number}" for number in range(7)])
    ('G1, G2', 'V0, V1, V2, V3, V4 and 2 more')
    """
    more = len(names) - NAMES_SHOWN_MAX
    return ", ".join(names[:NAMES_SHOWN_MAX]) + (f" and {more} more" if more > 0 else "")


def count_of(n: int, one: str, many: str) -> str:
    """A number with its word.

    >>> count_of(1, "station", "stations"), count_of(3, "territory", "territories")
    ('1 station', '3 territories')
    """
    return f"{n} {one if n == 1 else many}"


def count_villages(n: int) -> str:
    """So many villages."""
    return count_of(n, "village", "villages")


def days_words(window: DayWindow) -> str:
    """Name of rain of whole days, with the weight of its first day.

    >>> days_words(DayWindow(1, 15)), days_words(DayWindow(0, 2))
    ('rain of the 15 days before today', 'rain of today and the 2 days before')
    >>> days_words(DayWindow(1, 10, 0.84))
    'antecedent rain of the 10 days before today (ratio 0.84, yesterday 0.84)'
    """
    what = "rain" if window.ratio == 1.0 else "antecedent rain"
    days = "day" if window.last == 1 else f"{window.last} days"
    when = "today" if window.last == 0 else f"today and the {days} before"
    if not window.has_today:
        when = f"the {days} before today"
    if window.ratio == 1.0:
        return f"{what} of {when}"
    weight = "today 1" if window.has_today else f"yesterday {window.ratio:g}"
    return f"{what} of {when} (ratio {window.ratio:g}, {weight})"
