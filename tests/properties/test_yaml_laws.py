"""Two scanners read YAML here, libyaml's and PyYAML's own: what is read never depends on which."""

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tests.sources import REPOSITORY
from warnstream.config.faults import FaultLog
from warnstream.config.yaml import tree

SHIPPED = sorted((REPOSITORY / "configs").rglob("*.yaml"))
MARKS = [
    *":-[]{},&*#?|>'\"%@`!\t \n\r\x85\u2028\ufeff\x00\xa0灾😀~0.",
    "- ",
    "\n  ",
    "---\n",
    "? ",
    "!!str ",
    "\ud800",
    "<<: ",
]


def read_by(loader: type, text: str) -> object:
    """Values and lines that a loader finds; None where it refuses."""
    try:
        node = loader(text).get_single_node()
    except (yaml.YAMLError, UnicodeEncodeError):
        return None
    if node is None:
        return "empty"
    builder = tree._Builder("a.yaml", FaultLog())
    return repr(builder.plain_of(node, ())), builder.line


@st.composite
def mangled(draw: st.DrawFn) -> str:
    """Some lines of a shipped file, with a few marks put in or taken out."""
    lines = draw(st.sampled_from(SHIPPED)).read_text(encoding="utf-8").splitlines(keepends=True)
    first = draw(st.integers(0, len(lines) - 1))
    text = "".join(lines[first : first + draw(st.integers(1, 12))])
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(text)))
        text = text[:at] + draw(st.sampled_from(MARKS)) + text[at + draw(st.integers(0, 2)) :]
    return text


@pytest.mark.skipif(not yaml.__with_libyaml__, reason="this PyYAML was built without libyaml")
@given(mangled())
def test_what_the_fast_scanner_takes_is_what_the_plain_one_takes(text: str) -> None:
    if tree.READ_DIFFERENTLY.search(text):
        return
    fast = read_by(tree.FastLoader, text)
    assert fast is None or fast == read_by(tree.PlainLoader, text)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_shipped_files_are_read_alike(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert read_by(tree.FastLoader, text) == read_by(tree.PlainLoader, text)


@pytest.mark.parametrize(
    "text", ["a: [b\tc]\n", "{a?b: 1}\n", "a: !x b\n", "a:\n\ufeff  b: 1\n", "a: |#b\n  c\n"]
)
def test_what_they_read_differently_goes_to_the_plain_one(text: str) -> None:
    assert tree.READ_DIFFERENTLY.search(text)
