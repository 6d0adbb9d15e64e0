"""Colours of levels: told apart by everybody, by colour or by a pattern of their own, also in a grey copy."""

import itertools
import re

import pytest

from tests.colours import MACHADO, ciede2000, lab, seen_as
from warnstream.console.pages import FOLDER

VISIONS = ("normal", *MACHADO, "grey")
LEAST = 10.0
FILLS = ("rest", "blue", "yellow", "orange", "red")
PATTERN_OF = {"yellow": "dots", "orange": "lines", "red": "hatch"}
"""Variable that has the colour of a level's pattern."""


def palettes() -> dict[str, dict[str, str]]:
    css = (FOLDER / "console.css").read_text(encoding="utf-8")
    blocks = {
        "light": css[css.index(":root") : css.index("[data-theme")],
        "dark": css[css.index("[data-theme") : css.index("* {")],
    }
    return {theme: dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block)) for theme, block in blocks.items()}


def patterns() -> dict[str, str]:
    """Levels that the map draws a pattern on."""
    found = re.search(r"const PATTERN = \{ (.*?) \};", (FOLDER / "map.js").read_text(encoding="utf-8"))
    assert found is not None
    return {FILLS[int(level)]: name for level, name in re.findall(r"(\d): \"(\w+)\"", found[1])}


def difference(first: str, second: str, vision: str) -> float:
    return ciede2000(lab(seen_as(first, vision)), lab(seen_as(second, vision)))


@pytest.mark.parametrize(
    ("first", "second", "published"),
    [
        ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
        ((50, -1.3802, -84.2814), (50, 0, -82.7485), 1.0),
        ((50, 2.5, 0), (50, 0, -2.5), 4.3065),
        ((50, 2.5, 0), (73, 25, -18), 27.1492),
        ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
        ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
    ],
)
def test_the_formula_is_that_of_the_published_pairs(
    first: tuple[float, float, float], second: tuple[float, float, float], published: float
) -> None:
    """Sharma, Wu and Dalal (2005), table 1."""
    assert ciede2000(first, second) == pytest.approx(published, abs=1e-4)
    assert ciede2000(second, first) == pytest.approx(published, abs=1e-4)


@pytest.mark.parametrize("vision", VISIONS)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_two_levels_are_told_apart_by_colour_or_by_pattern(theme: str, vision: str) -> None:
    colours, drawn = palettes()[theme], patterns()
    alike = {
        (first, second): round(found, 1)
        for first, second in itertools.combinations(FILLS, 2)
        if (found := difference(colours[first], colours[second], vision)) < LEAST
        and drawn.get(first) == drawn.get(second)
    }
    assert alike == {}


@pytest.mark.parametrize("vision", VISIONS)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_pattern_is_seen_on_its_level(theme: str, vision: str) -> None:
    colours = palettes()[theme]
    assert patterns().keys() == PATTERN_OF.keys()
    faint = {
        level: round(found, 1)
        for level, pattern in PATTERN_OF.items()
        if (found := difference(colours[level], colours[pattern], vision)) < LEAST
    }
    assert faint == {}


def test_each_pattern_is_another_one() -> None:
    assert len(set(patterns().values())) == len(patterns()) == 3
