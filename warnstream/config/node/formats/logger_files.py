"""The keys of warnstream.yaml under ``logger_files:``: tables that loggers write, for replays."""

from typing import Annotated

from pydantic import Field

from warnstream.config.node.formats.decoders import MappedNames
from warnstream.config.yaml import value_types
from warnstream.config.yaml.sections import default, part
from warnstream.model.observations.logger_files import DELIMITERS
from warnstream.model.times import TimeZone


class LoggerFileSection(MappedNames):
    """How files of a logger are read."""

    file: Annotated[str, value_types.text()] = Field(
        description="Names of files, with * and ?; the first entry that fits reads a file."
    )
    header_line: Annotated[int, value_types.whole(0, 1000)] = default(
        1, description="Line that names the columns; 0: none, columns are numbered from 1."
    )
    skip_lines: Annotated[int, value_types.whole(0, 1000)] = default(
        0, description="Lines after it that are no data, such as units."
    )
    comment: Annotated[str | None, value_types.text()] = default(
        None, description="Lines that begin so are passed over."
    )
    delimiter: Annotated[str, value_types.one_of(*DELIMITERS)] = default(
        "comma", description="What stands between cells."
    )
    missing: list[Annotated[str, value_types.text()]] = part(
        lambda: ["NA", "NAN", "NaN", "nan", "null", "M"],
        "They say that there is no value, as an empty cell does.",
    )
    zero: list[Annotated[str, value_types.text()]] = part(
        list, "Texts that stand for 0, such as T (a trace)."
    )
    station: Annotated[str | None, value_types.text()] = default(
        None, description="Column of the station's identity."
    )
    only_station: Annotated[str | None, value_types.code()] = default(
        None, description="Code of the only station of the file, where no column names it."
    )
    time: Annotated[str, value_types.text()] = Field(description="Column of the time.")
    time_form: Annotated[str | None, value_types.form_of_times()] = default(
        None, description="Form such as %d.%m.%Y %H:%M; else ISO 8601, or seconds or milliseconds since 1970."
    )
    zone: Annotated[TimeZone | None, value_types.clock()] = default(
        None, description="Clock of times that name no zone: Europe/London, UTC, +08:00."
    )
    name: Annotated[str | None, value_types.text()] = default(
        None, description="Column of the variable's name, where a row is one value."
    )
    value: Annotated[str | None, value_types.text()] = default(
        None, description="Column of the value beside name."
    )
    decimal_comma: Annotated[bool, value_types.yes_or_no()] = default(
        False, description="Numbers have a comma."
    )

    def cross_field_errors(self) -> list[tuple[str, str]]:
        """A station must be told, a name needs its value, and something must be read."""
        faults = []
        if (self.station is None) == (self.only_station is None):
            faults.append(("station", "expected station (a column) or only_station (a code), one of the two"))
        if (self.name is None) != (self.value is None):
            faults.append(("name" if self.value is None else "value", "expected name and value together"))
        if not self.variables:
            faults.append(("variables", "expected at least one column (or name) that is a variable"))
        return faults
