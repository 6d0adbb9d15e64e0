"""Any JSON, or a bare number -> columns of readings, as a layout declares: gateways that cannot be changed.

An observation is an object, found by ``observations`` through lists. What it
lacks (station, time) is looked for in the objects around it, then
in the topic. Its members are the gateway's names, inner ones with dots; or it is one name with its value.
Only names that are declared count; our own words do where none is declared.
"""

import itertools
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from warnstream.ingest.declared import DeclaredRows, number_of_text, seconds_of
from warnstream.ingest.flat_json.json_text import read_json
from warnstream.ingest.names import (
    Decoded,
    Names,
    RawMessage,
    Rows,
    exercise_mark,
    listed,
    refuse_if_too_large,
    shown,
)
from warnstream.ingest.senml import Moment
from warnstream.ingest.uplink import members_of
from warnstream.model.network import Stations
from warnstream.model.observations.decoders import DecoderRule, VariableMapping, without_backlog
from warnstream.model.observations.layout import ITSELF, Layout
from warnstream.model.observations.readings import Variable
from warnstream.model.observations.refusals import RefusalReason

DEPTH_MAX = 6
"""Inner objects of an observation that are looked into."""

BARE_BYTES_MAX = 100
"""Longest message that may be a bare number."""

OBSERVATIONS_MAX = 10_000
_AROUND = b'\0\x1a\xef\xbb\xbf \t\r\n"'

Chain = tuple[Mapping[str, object], ...]
"""An observation and the objects around it, the outermost first."""


class AnyJsonDecoder:
    """Decodes messages of one layout; `moment` is the time of those that tell none."""

    def __init__(
        self, stations: Stations, rule: DecoderRule, moment: Moment, *, takes_exercises: bool = False
    ) -> None:
        self._names = Names(stations, rule)
        self._variables = self._names.mapped or self._names.variables
        self._layout = rule.layout or Layout()
        self._declared = DeclaredRows(self._layout)
        self._moment = moment
        self._takes_exercises = takes_exercises

    def decode(self, messages: Sequence[RawMessage]) -> Decoded:
        """Readings of all messages, in order; never raises for what a message contains."""
        rows = Rows()
        for message in messages:
            rows.begin(message)
            too_large = refuse_if_too_large(message)
            if too_large is not None:
                rows.refusals.add(too_large)
            elif not self._take_bare(message, rows):
                self._take(message, rows)
        return rows.decoded()

    def _take_bare(self, message: RawMessage, rows: Rows) -> bool:
        """Whether a message is one number, perhaps with its unit; it is taken."""
        if len(message.payload) > BARE_BYTES_MAX:
            return False
        text = message.payload.strip(_AROUND).decode("utf-8", "replace")
        comma = self._layout.has_decimal_comma
        if number_of_text(text, has_decimal_comma=comma) is None:
            return False
        word = self._level(self._layout.name_level, message) or ITSELF
        mapping = self._variables.get(word)
        if mapping is None:
            known = ", ".join(self._variables)
            detail = f"a bare number is named {shown(word)}, which is not one of {known}"
            rows.refuse(RefusalReason.UNKNOWN_VARIABLE, detail, message)
            return True
        station = self._station_of((), message, rows)
        if station is not None:
            self._add(mapping, (station, None), word, (text, None), message, rows)
        return True

    def _take(self, message: RawMessage, rows: Rows) -> None:
        try:
            content, unread = read_json(message.payload)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            rows.refuse(RefusalReason.NOT_JSON, str(error), message)
            return
        if unread:
            rows.refuse(RefusalReason.NOT_JSON, f"not read: {unread}", message)
        chains = [chain for path in self._layout.observations for chain in _observations(content, path)]
        if not chains:
            there = listed(content) if isinstance(content, dict) else ""
            wanted = ", ".join(self._layout.observations)
            rows.looked_for(f"looked for observations in {wanted}; there is {there or shown(content)}")
        if len(chains) > OBSERVATIONS_MAX:
            detail = f"{len(chains)} observations, expected at most {OBSERVATIONS_MAX}"
            rows.refuse(RefusalReason.TOO_LARGE, detail, message)
            return
        for chain in chains:
            self.take_observation(chain, message, rows)

    def take_observation(self, chain: Chain, message: RawMessage, rows: Rows) -> None:
        """Add the readings of one observation of a message that has begun, and what must be kept aside."""
        marks = (exercise_mark(part) for part in chain)
        mark = next((mark for mark in marks if mark is not None), None)
        if mark is not None and not self._takes_exercises:
            rows.refuse(RefusalReason.EXERCISE, f"marked as {mark}, and this node warns for real", message)
            return
        found = list(self._values_of(chain, rows))
        if not found:
            return
        station = self._station_of(chain, message, rows)
        if station is None:
            return
        try:
            observed_at_s = self._time_of(chain)
        except ValueError as error:
            rows.refuse(RefusalReason.BAD_TIME, str(error), message)
            return
        for word, mapping, value in found:
            self._add(mapping, (station, observed_at_s), word, value, message, rows)

    def _time_of(self, chain: Chain) -> int | None:
        """When an observation was made; None if its layout tells no time. ValueError for what is none."""
        path = self._layout.time
        if not path:
            return None
        told = _lookup(chain, path)
        if told is None:
            raise ValueError(f"looked for time in {path}; there is {listed(_names_in(chain))}")
        return seconds_of(told, self._layout)

    def _values_of(
        self, chain: Chain, rows: Rows
    ) -> Iterator[tuple[str, VariableMapping, tuple[object, object]]]:
        """Names, what they mean, values and units of an observation that are mapped and there."""
        layout, variables = self._layout, self._variables
        if layout.name:
            word = _lookup(chain, layout.name)
            unit = _lookup(chain, layout.unit) if layout.unit else None
            members = [(str(word), (_lookup(chain, layout.value), unit))]
        else:
            members = [(word, (value, None)) for word, value in members_of(chain[-1], "", DEPTH_MAX)]
        known = [(word, value) for word, value in members if word in variables]
        if known and all(value is None for _, (value, _) in known):
            rows.carries_none()
        elif not known:
            wanted = ", ".join(variables)
            there = listed(word for word, _ in members)
            rows.looked_for(f"looked for {wanted}; there is {there}")
        for word, value in known:
            if value[0] is not None:
                yield word, variables[word], value

    def _add(
        self,
        mapping: VariableMapping,
        place: tuple[int, int | None],
        word: str,
        value: tuple[object, object],
        message: RawMessage,
        rows: Rows,
    ) -> None:
        """One value; an amount without a time is refused, because a second delivery would count it twice."""
        station, at_s = place
        if at_s is None:
            if mapping.variable in (Variable.RAIN, Variable.RAIN_TIP) or self._moment.now_s < 0:
                detail = f"{word:.80}: the message tells no time, and an amount needs one"
                rows.refuse(RefusalReason.BAD_TIME, detail, message)
                return
            at_s = self._moment.now_s
        self._declared.add(rows, mapping, (station, at_s), word, value[0], message, value[1])

    def _station_of(self, chain: Chain, message: RawMessage, rows: Rows) -> int | None:
        """Number of the station; None after refusing the observation."""
        layout = self._layout
        identity: object = self._level(layout.station_level, message)
        where = f"level {layout.station_level} of the topic"
        if layout.station:
            found = _lookup(chain, layout.station)
            where = layout.station if identity is None or found is not None else where
            identity = identity if found is None else found
        if isinstance(identity, int) and not isinstance(identity, bool) and abs(identity) < 10**30:
            identity = str(identity)
        station = self._names.station(identity)
        if station is None:
            there = shown(identity) if identity is not None else f"only {listed(_names_in(chain))}"
            detail = f"looked for a station in {where}; there is {there}, which is no station's name"
            rows.refuse(RefusalReason.UNKNOWN_STATION, detail, message)
        return station

    def _level(self, level: int, message: RawMessage) -> str | None:
        """That level of a topic; None if it has none."""
        levels = without_backlog(message.topic).split("/")
        return levels[level - 1] if 0 < level <= len(levels) else None


def _names_in(chain: Chain) -> Iterator[str]:
    return itertools.chain.from_iterable(chain)


def _observations(content: object, path: str) -> Iterator[Chain]:
    """Objects at the end of a path, through every list on the way, with those around them."""
    yield from _descend((), content, [] if path == ITSELF else path.split("."))


def _descend(around: Chain, content: object, steps: list[str]) -> Iterator[Chain]:
    if isinstance(content, list):
        for item in content:
            yield from _descend(around, item, steps)
    elif isinstance(content, Mapping):
        if not steps:
            yield (*around, content)
        elif steps[0] in content:
            yield from _descend((*around, content), content[steps[0]], steps[1:])


def _lookup(chain: Chain, path: str) -> object:
    """The value at a path in the innermost object that has it; None if none has."""
    for part in reversed(chain):
        if path in part:
            return part[path]
        found: object = part
        for step in path.split("."):
            found = found.get(step) if isinstance(found, Mapping) else None
        if found is not None:
            return found
    return None
