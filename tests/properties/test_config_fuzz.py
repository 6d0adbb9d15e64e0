"""Whatever stands in the files: a configuration or `ConfigError`, never another exception."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.config.conftest import FILES
from warnstream.config.load import load_configuration
from warnstream.model.errors import ConfigError

GEOJSON = (
    '{"type": "FeatureCollection", "features": [\n'
    '{"type": "Feature", "properties": {"village": "001", "name": "a", "township": "East", "county": "C"},\n'
    ' "geometry": {"type": "Polygon", "coordinates": [[[119, 28], [120, 28], [120, 29], [119, 28]]]}}]}'
)
YAML_MARKS = [
    "",
    "\n",
    " ",
    "\t",
    ":",
    "- ",
    "{",
    "}",
    "[",
    "]",
    "&a ",
    "*a",
    "!!int ",
    "? ",
    "|",
    ">",
    "%",
    "<<",
]
TEXT_MARKS = ['"', "'", "#", ",", "---\n", "\x00", "\ufeff", "\u2028", "POLYGON", "EMPTY"]
NUMBERS = ["null", "~", "1e999", "1e308", "-1", "0", "0x1F", "1_000", "2020-01-01", "nan", "inf", "٣"]
INSERTIONS = st.sampled_from([*YAML_MARKS, *TEXT_MARKS, *NUMBERS]) | st.text(max_size=5)


def _load(files: dict[str, bytes]) -> bool:
    with TemporaryDirectory() as folder:
        for name, data in files.items():
            (Path(folder) / name).write_bytes(data)
        try:
            load_configuration(Path(folder))
        except ConfigError:
            return False
        return True


def _right_files() -> dict[str, bytes]:
    return {name: text.encode() for name, text in FILES.items()}


@pytest.mark.parametrize("file", sorted(FILES))
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_a_mutated_file_gives_faults_or_a_configuration(file: str, data: st.DataObject) -> None:
    text = FILES[file]
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(text)))
        cut = data.draw(st.integers(0, 12))
        text = text[:start] + data.draw(INSERTIONS) + text[start + cut :]
    _load(_right_files() | {file: text.encode("utf-8", "surrogatepass")})


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_a_mutated_map_gives_faults_or_a_configuration(data: st.DataObject) -> None:
    text = GEOJSON
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(text)))
        cut = data.draw(st.integers(0, 12))
        text = text[:start] + data.draw(INSERTIONS) + text[start + cut :]
    files = _right_files()
    del files["villages.csv"]
    _load(files | {"villages.geojson": text.encode("utf-8", "surrogatepass")})


@given(file=st.sampled_from(sorted(FILES)), raw=st.binary(max_size=200))
@settings(max_examples=60, deadline=None)
def test_any_bytes_give_faults_or_a_configuration(file: str, raw: bytes) -> None:
    _load(_right_files() | {file: raw})


def test_the_files_that_are_mutated_are_right_at_first() -> None:
    assert _load(_right_files())
