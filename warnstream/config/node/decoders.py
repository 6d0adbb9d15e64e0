"""The keys of warnstream.yaml that say how stations are heard: decoders and listeners."""

from typing import Annotated

from pydantic import Field

from warnstream.config.yaml import value_types
from warnstream.config.yaml.sections import Section, default, part
from warnstream.model.observations.decoders import FORMATS, conversion, units_of
from warnstream.model.observations.readings import VARIABLE_OF_WORD


class DecoderVariableSection(Section):
    """What one of a gateway's variables means."""

    variable: Annotated[str, value_types.one_of(*VARIABLE_OF_WORD)] = Field(description="Our variable.")
    unit: Annotated[str | None, value_types.text()] = default(
        None, description="Unit of their numbers; without it the variable's own."
    )
    factor: Annotated[float, value_types.decimal(-1e9, 1e9)] = default(
        1, description="Their numbers are multiplied by it first."
    )
    offset: Annotated[float, value_types.decimal(-1e6, 1e6)] = default(
        0, description="Added last, in our unit, e.g. the base of relative stages."
    )

    def cross_field_errors(self) -> list[tuple[str, str]]:
        """A unit must be one that can become the variable's own."""
        variable = VARIABLE_OF_WORD[self.variable]
        faults = []
        if self.unit is not None and conversion(self.unit, variable) is None:
            known = value_types.choice_of(units_of(variable))
            faults.append(("unit", f"expected {known} for {self.variable}, got {self.unit!r}"))
        if self.factor == 0:
            faults.append(("factor", "expected a factor other than 0"))
        return faults


class NamesSection(Section):
    """What a gateway's names mean."""

    variables: dict[Annotated[str, value_types.text()], DecoderVariableSection] = part(
        dict, "Their names of variables; ours are understood without being named."
    )
    stations: dict[Annotated[str, value_types.text()], Annotated[str, value_types.code()]] = part(
        dict, "Their identities of stations -> codes of stations.csv."
    )
    utc_offset_s: Annotated[int, value_types.utc_offset()] = default(
        "+08:00", alias="utc_offset", description="Offset of times that name no zone (sl651), in quotes."
    )
    wrap_mm: Annotated[float | None, value_types.decimal(0, 1e9, above=True)] = default(
        None, description="Where running counters of these topics begin again at zero, mm."
    )
    day_start_s: Annotated[int | None, value_types.duration("0s", "24h")] = default(
        None,
        alias="day_start",
        description="When the rain day of these topics' day counters begins, after midnight.",
    )


class DecoderSection(NamesSection):
    """How messages of some topics are read."""

    topic: Annotated[str, value_types.topic_pattern()] = Field(
        description="MQTT topics with + and #; the first entry that matches decodes a message."
    )
    format: Annotated[str, value_types.one_of(*FORMATS)] = Field(description="Form of the messages.")


class Sl651ListenerSection(NamesSection):
    """Where SL 651-2014 stations dial in by TCP."""

    host: Annotated[str, value_types.text()] = default(
        "127.0.0.1", description="Address to listen on; 0.0.0.0 opens it to the network."
    )
    port: Annotated[int, value_types.whole(0, 65_535)] = default(
        18_651, description="Port; 0: the system chooses."
    )
    idle_s: Annotated[int, value_types.duration("10s", "24h")] = default(
        "10min", alias="idle", description="A connection that is silent so long is ended."
    )
    connections_max: Annotated[int, value_types.whole(1, 100_000)] = default(
        2_000, description="Connections at once; more are ended at once."
    )
    stays_online: Annotated[bool, value_types.yes_or_no()] = default(
        True, description="Confirm with ESC (stations stay connected) instead of EOT."
    )


class ListenersSection(Section):
    """Doors for stations that do not speak MQTT."""

    sl651: Sl651ListenerSection | None = default(
        None, description="SL 651-2014 over TCP; without it none is opened."
    )
