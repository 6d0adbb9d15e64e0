"""Which decoder reads which topic, and what a gateway's own names mean.

A `DecoderRule` is one entry of ``decoders:`` in warnstream.yaml; the names of
a gateway's variables and stations are mapped there, never guessed.
"""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass

from warnstream.model.observations.layout import Layout
from warnstream.model.observations.readings import COUNTERS, UNIT_OF_VARIABLE, Variable
from warnstream.model.times import HOUR_S

FORMATS = (
    "flat_json",
    "senml_json",
    "senml_cbor",
    "sl651",
    "wis2",
    "chirpstack",
    "the_things_stack",
    "actility",
    "helium",
    "loriot",
    "json",
    "packed",
)
"""Formats that a decoder rule can name."""

LISTENER_TOPIC_SL651 = "$listener/sl651"
"""Topic under which what the SL 651 listener takes is kept; MQTT clients cannot publish below ``$``."""

BACKLOG_LEVEL = "backlog"
"""Below any topic of readings: what a gateway kept during an outage, so that it delays no fresh message."""

DEFAULT_GATEWAYS = ("gateway",)
"""Names in the station's place of a topic that speak for every station, where none are configured."""

REFUSED_READING_TOPIC = "$refused/reading"
"""Topic under which a single reading that was refused is taken again, as flat JSON in our own words."""

_METRE_OF_UNIT = {"m": 1.0, "dm": 0.1, "cm": 0.01, "mm": 0.001, "ft": 0.3048, "in": 0.0254}
_PLAIN_OF_UNIT: dict[str, dict[str, tuple[float, float]]] = {
    "degC": {"degC": (1.0, 0.0), "Cel": (1.0, 0.0), "K": (1.0, -273.15), "degF": (5 / 9, -160 / 9)},
    "%": {"%": (1.0, 0.0), "%RH": (1.0, 0.0), "/": (100.0, 0.0)},
    "hPa": {"hPa": (1.0, 0.0), "mbar": (1.0, 0.0), "Pa": (0.01, 0.0), "kPa": (10.0, 0.0)},
    "kPa": {
        "kPa": (1.0, 0.0),
        "Pa": (0.001, 0.0),
        "hPa": (0.1, 0.0),
        "mbar": (0.1, 0.0),
        "bar": (100.0, 0.0),
    },
    "m/s": {"m/s": (1.0, 0.0), "km/h": (1 / 3.6, 0.0), "kn": (1852 / 3600, 0.0)},
    "deg": {"deg": (1.0, 0.0), "rad": (57.29577951308232, 0.0)},
}


@dataclass(frozen=True, slots=True)
class VariableMapping:
    """What one of a gateway's names means: ``value * factor + offset`` in the variable's unit.

    `error_values` are numbers, as they come, by which the sender says that it has no value;
    `interval_s` is the time in which an amount of rain fell, 0 the station's own.
    """

    variable: Variable
    factor: float = 1.0
    offset: float = 0.0
    error_values: frozenset[float] = frozenset()
    interval_s: int = 0

    def value(self, raw: float) -> float:
        """A value in our unit; rounded to 1e-9, so that 7 tips of 0.1 mm are 0.7."""
        if self.factor == 1.0 and self.offset == 0.0:
            return raw
        return round(raw * self.factor + self.offset, 9)


@dataclass(frozen=True, slots=True)
class DecoderRule:
    """One entry of ``decoders:``.

    Attributes
    ----------
    topic : str
        MQTT topic pattern with ``+`` and ``#``; the first rule that matches a topic decodes it.
    format : str
        One of `FORMATS`.
    variables : Mapping of str to VariableMapping
        Their names; our own words are understood without being named.
    stations : Mapping of str to str
        Their identities -> codes of stations.csv; others must be such codes themselves.
    utc_offset_s : int
        Offset of local times that name no zone (SL 651).
    wrap_mm : float or None
        Where running counters of these topics begin again at zero, in millimetres.
    day_start_s : int or None
        When the rain day of their day counters begins after midnight of the local clock.
    layout : Layout or None
        Of format ``json``: where station, time and values stand.
    """

    topic: str
    format: str
    variables: Mapping[str, VariableMapping]
    stations: Mapping[str, str]
    utc_offset_s: int = 8 * HOUR_S
    wrap_mm: float | None = None
    day_start_s: int | None = None
    layout: Layout | None = None

    @property
    def counter_source(self) -> int:
        """A number for how these messages' counters become millimetres; 0: in the usual way.

        Totals with another number are never compared: a changed factor is no rain.
        """
        usual = VariableMapping(Variable.RAIN)
        scales = sorted(
            (str(name), int(variable.variable), float(variable.factor), float(variable.offset))
            for name, variable in self.variables.items()
            if variable.variable in COUNTERS
            and (variable.factor, variable.offset) != (usual.factor, usual.offset)
        )
        form = (self.wrap_mm, self.day_start_s)
        if not scales and form == (None, None):
            return 0
        return zlib.crc32(repr((scales, form)).encode()) % (2**31 - 1) + 1


def conversion(unit: str, variable: Variable) -> tuple[float, float] | None:
    """Factor and offset from a unit to the variable's own; None if it has no such unit.

    >>> conversion("cm", Variable.STAGE), conversion("in", Variable.RAIN)
    ((0.01, 0.0), (25.4, 0.0))
    >>> conversion("mm", Variable.TEMPERATURE) is None
    True
    """
    ours = UNIT_OF_VARIABLE[variable]
    if ours in _METRE_OF_UNIT:
        metres = _METRE_OF_UNIT.get(unit)
        return None if metres is None else (round(metres / _METRE_OF_UNIT[ours], 9), 0.0)
    return _PLAIN_OF_UNIT[ours].get(unit)


def units_of(variable: Variable) -> tuple[str, ...]:
    """Units that `conversion` knows for a variable."""
    ours = UNIT_OF_VARIABLE[variable]
    return tuple(_METRE_OF_UNIT) if ours in _METRE_OF_UNIT else tuple(_PLAIN_OF_UNIT[ours])


def matches(pattern: str, topic: str) -> bool:
    """Whether an MQTT topic falls under a pattern (MQTT 3.1.1, section 4.7).

    >>> matches("ws/+/obs", "ws/a/obs"), matches("ws/#", "ws"), matches("#", "$SYS/x")
    (True, True, False)
    """
    if topic.startswith("$") and not pattern.startswith("$"):
        return False
    parts, levels = pattern.split("/"), topic.split("/")
    for index, part in enumerate(parts):
        if part == "#":
            return True
        if index >= len(levels) or (part != "+" and part != levels[index]):
            return False
    return len(parts) == len(levels)


def without_backlog(topic: str) -> str:
    """The topic of readings that a backlog belongs to; any other topic as it is.

    >>> without_backlog("ws/c/rain/R1/obs/backlog"), without_backlog("ws/c/rain/R1/obs")
    ('ws/c/rain/R1/obs', 'ws/c/rain/R1/obs')
    """
    return topic.removesuffix(f"/{BACKLOG_LEVEL}")


def pattern_fault(pattern: str) -> str | None:
    """What is wrong with a topic pattern; None if nothing is."""
    levels = pattern.split("/")
    for index, level in enumerate(levels):
        if level in {"+", "#"}:
            if level == "#" and index != len(levels) - 1:
                return "expected # as the last level only"
        elif not level or "+" in level or "#" in level or "\0" in level:
            return "expected levels between single '/', with + or # standing for whole levels"
    return "expected a topic that does not begin with $" if pattern.startswith("$") else None


def default_rules(prefix: str) -> tuple[DecoderRule, ...]:
    """Without ``decoders:`` stations publish our flat JSON."""
    return (DecoderRule(f"{prefix}/+/+/+/obs", "flat_json", {}, {}),)
