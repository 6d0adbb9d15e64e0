"""What a benchmark tells `make bench`: rows with the values of repeated runs and a yardstick beside."""

import argparse
import json
import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

HEAD = "| what | unit | median (min-max) | beside it | ratio |\n|---|---|---|---|---|"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table.

    Attributes
    ----------
    what, unit : str
    values : list of float
        One per run; a median and its spread are told. NaN: not measured.
    beside : str
        What the yardstick is; empty without one.
    yardstick : float
        Its value in the same unit, from the same run of the benchmark. NaN: none.
    """

    what: str
    unit: str
    values: list[float]
    beside: str = ""
    yardstick: float = math.nan

    def __post_init__(self) -> None:
        if not self.values:
            raise ValueError(f"{self.what}: a row without a value")

    @property
    def median(self) -> float:
        """Of its values."""
        return statistics.median(self.values)

    @property
    def ratio(self) -> float:
        """Median to yardstick."""
        return self.median / self.yardstick if self.yardstick else math.nan

    def line(self) -> str:
        """As Markdown."""
        spread = number(self.median)
        if len(self.values) > 1:
            spread += f" ({number(min(self.values))}-{number(max(self.values))})"
        beside = "" if math.isnan(self.yardstick) else f"{self.beside}: {number(self.yardstick)}"
        ratio = "" if math.isnan(self.ratio) else f"{self.ratio:.3g}"
        return f"| {self.what} | {self.unit} | {spread} | {beside} | {ratio} |"


def rows_as_table(rows: Iterable[Row]) -> str:
    """All of them as a Markdown table."""
    return "\n".join([HEAD, *(row.line() for row in rows)])


def number(value: float) -> str:
    """Three digits are enough; thousands are written out.

    >>> number(1234.5), number(0.012345), number(float("nan"))
    ('1,234', '0.0123', '-')
    """
    if math.isnan(value):
        return "-"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def add_rows_option(parser: argparse.ArgumentParser) -> None:
    """The option with which `bench_all` asks for rows."""
    parser.add_argument(
        "--rows", type=Path, metavar="FILE", help="also write rows for the common table there"
    )


def write_rows(path: Path | None, rows: Sequence[Row]) -> None:
    """Write rows as JSON where a file was asked for."""
    if path is not None:
        path.write_text(json.dumps([asdict(row) for row in rows]), encoding="utf-8")


def read_rows(path: Path) -> list[Row]:
    """Rows of `write_rows`; none where there is no file."""
    if not path.exists():
        return []
    return [Row(**load) for load in json.loads(path.read_text(encoding="utf-8"))]
