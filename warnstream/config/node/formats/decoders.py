"""The keys of warnstream.yaml that say how stations are heard: decoders and listeners."""

from typing import Annotated

from pydantic import Field

from warnstream.config.yaml import value_types
from warnstream.config.yaml.sections import Section, default, part
from warnstream.model.observations.decoders import FORMATS, conversion, units_of
from warnstream.model.observations.layout import ITSELF
from warnstream.model.observations.readings import VARIABLE_OF_WORD, Variable
from warnstream.model.times import TimeZone


class DecoderVariableSection(Section):
    """What one of a gateway's variables means."""

    variable: Annotated[str, value_types.one_of(*VARIABLE_OF_WORD)] = Field(description="Our variable.")
    unit: Annotated[str | None, value_types.text()] = default(
        None,
        description="Unit of their numbers, converted to ours, refused if it cannot be; without it the "
        "variable's own.",
    )
    factor: Annotated[float, value_types.decimal(-1e9, 1e9)] = default(
        1, description="Their numbers are multiplied by it first."
    )
    offset: Annotated[float, value_types.decimal(-1e6, 1e6)] = default(
        0, description="Added last, in our unit, e.g. the base of relative stages."
    )

    error_values: Annotated[tuple[float, ...], value_types.decimals(-1e12, 1e12)] = default(
        [],
        description="Their numbers, as they come (65535), that say that there is no value: refused as "
        "`error_value`.",
    )
    interval_s: Annotated[int | None, value_types.duration("1min", "6h", whole_minutes=True)] = default(
        None, alias="interval", description="Time in which an amount of rain fell; else the station's own."
    )

    def cross_field_errors(self) -> list[tuple[str, str]]:
        """A unit must be one that can become the variable's own."""
        variable = VARIABLE_OF_WORD[self.variable]
        faults = []
        if self.unit is not None and conversion(self.unit, variable) is None:
            known = value_types.choice_of(units_of(variable))
            faults.append(("unit", f"expected {known} for {self.variable}, got {self.unit!r}"))
        if self.interval_s is not None and variable is not Variable.RAIN:
            faults.append(("interval", f"expected it with variable: rain only, this is {self.variable}"))
        if self.factor == 0:
            faults.append(("factor", "expected a factor other than 0"))
        return faults


class MappedNames(Section):
    """What the names of variables and stations mean."""

    variables: dict[Annotated[str, value_types.text()], DecoderVariableSection] = part(
        dict, "Their names of variables; ours are understood without being named."
    )
    stations: dict[Annotated[str, value_types.text()], Annotated[str, value_types.code()]] = part(
        dict, "Their identities of stations -> codes of stations.csv."
    )


class NamesSection(MappedNames):
    """What a gateway's names mean."""

    utc_offset_s: Annotated[int, value_types.utc_offset()] = default(
        "+08:00", alias="utc_offset", description="Offset of times that name no zone (sl651), in quotes."
    )
    wrap_mm: Annotated[float | None, value_types.decimal(0, 1e9, above=True)] = default(
        None,
        description="Where running counters of these topics begin again at zero, in millimetres: `13107.2` "
        "for 16 bits of 0.2 mm tips.",
    )
    day_start_s: Annotated[int | None, value_types.duration("0s", "24h")] = default(
        None,
        alias="day_start",
        description="When the rain day of these topics' day counters begins after midnight of the local "
        "clock.",
    )


LONG_SUMS = ("P12", "PD")
"""Elements of SL 651 that sum half a day and more: spread over it they would hide every burst."""


def long_sums(section: NamesSection) -> list[tuple[str, str]]:
    """Faults of mappings that would make one interval of half a day's rain, or of a day's."""
    return [
        ("variables", f"{name} is a sum of half a day or more, which is no interval: see windows.warm_up")
        for name in LONG_SUMS
        if name in section.variables and section.variables[name].variable == Variable.RAIN.word
    ]


class LayoutSection(Section):
    """Where messages that cannot be changed have what is needed; paths are names with dots between them."""

    station: Annotated[str | None, value_types.path()] = default(
        None, description="Path of the station's identity."
    )
    station_level: Annotated[int | None, value_types.whole(1, 100)] = default(
        None, description="Level of the topic, from 1, that names the station."
    )
    time: Annotated[str | None, value_types.path()] = default(
        None, description="Path of the time; without it a message is of the engine's last step."
    )
    time_form: Annotated[str | None, value_types.form_of_times()] = default(
        None, description="Form such as %d.%m.%Y %H:%M; else ISO 8601, or seconds or milliseconds since 1970."
    )
    zone: Annotated[TimeZone | None, value_types.clock()] = default(
        None,
        description="Clock of times that name no zone: `Europe/Berlin`, `UTC`, `+08:00`; without it they are "
        "refused.",
    )
    observations: list[Annotated[str, value_types.path()]] = part(
        lambda: [ITSELF], "Paths of the observations, through lists; . is the message itself."
    )
    name: Annotated[str | None, value_types.path()] = default(
        None, description="Path of the name, where an observation is one name and its value."
    )
    value: Annotated[str | None, value_types.path()] = default(
        None, description="Path of the value beside name."
    )
    unit: Annotated[str | None, value_types.path()] = default(
        None, description="Path of the unit beside name."
    )
    name_level: Annotated[int | None, value_types.whole(1, 100)] = default(
        None, description="Level of the topic that names the variable of a bare number; else it is named '.'."
    )
    has_decimal_comma: Annotated[bool, value_types.yes_or_no()] = default(
        False, alias="decimal_comma", description="Numbers written as text have a comma."
    )

    def cross_field_errors(self) -> list[tuple[str, str]]:
        """A station must be told somewhere, and a name needs its value."""
        faults = []
        if self.station is None and self.station_level is None:
            faults.append(("", "expected station (a path) or station_level (of the topic)"))
        if (self.name is None) != (self.value is None):
            faults.append(("name" if self.value is None else "value", "expected name and value together"))
        if self.time is None and (self.time_form or self.zone):
            faults.append(("time", "expected the path of the time beside time_form or zone"))
        return faults


class DecoderSection(NamesSection):
    """How messages of some topics are read."""

    topic: Annotated[str, value_types.topic_pattern()] = Field(
        description="MQTT topics with + and #; the first entry that matches decodes a message."
    )
    format: Annotated[str, value_types.one_of(*FORMATS)] = Field(description="Form of the messages.")
    layout: LayoutSection | None = default(
        None, description="Of format json: where station, time and values stand."
    )

    def cross_field_errors(self) -> list[tuple[str, str]]:
        """Any JSON needs a layout, and nothing else has one; sums of half a day are no intervals."""
        faults = []
        if self.format == "json" and self.layout is None:
            faults.append(("layout", "expected station or station_level in it: where the station is told"))
        if self.format != "json" and self.layout is not None:
            faults.append(("layout", f"expected none: only format json has one, this is {self.format}"))
        return faults + (long_sums(self) if self.format == "sl651" else [])


class Sl651ListenerSection(NamesSection):
    """Where SL 651-2014 stations dial in by TCP."""

    host: Annotated[str, value_types.text()] = default(
        "127.0.0.1", description="Address to listen on; 0.0.0.0 opens it to the network."
    )
    port: Annotated[int, value_types.whole(0, 65_535)] = default(
        18_651, description="Port; 0: the system chooses."
    )
    idle_s: Annotated[int, value_types.duration("10s", "24h")] = default(
        "10min",
        alias="idle",
        description="A connection silent so long is ended; stations send heartbeats every 40 s or so.",
    )
    connections_max: Annotated[int, value_types.whole(1, 100_000)] = default(
        2_000, description="Connections at once; more are ended at once."
    )
    stays_online: Annotated[bool, value_types.yes_or_no()] = default(
        True, description="Confirm with ESC (stations stay connected) instead of EOT."
    )

    def cross_field_errors(self) -> list[tuple[str, str]]:
        """Sums of half a day are no intervals."""
        return long_sums(self)


class ListenersSection(Section):
    """Doors for stations that do not speak MQTT."""

    sl651: Sl651ListenerSection | None = default(
        None, description="SL 651-2014 over TCP; without it none is opened."
    )
