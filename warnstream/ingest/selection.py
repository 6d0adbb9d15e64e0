"""Chooses the decoder of each message by its topic; the one door of stage 1.

Rules are tried in their order, the first whose pattern matches decodes; a
backlog below a topic is read as the topic itself. A
topic that no rule matches (a subscription of an earlier configuration that
the broker still holds) is refused by that reason.

Limit: `TOPICS_REMEMBERED_MAX` topics are remembered with their decoder; then the memory begins anew.
"""

import contextlib
import dataclasses
import itertools
from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np

from warnstream.ingest.any_json import AnyJsonDecoder
from warnstream.ingest.flat_json.decoder import Decoder
from warnstream.ingest.names import CACHED_CHARACTERS_MAX, Decoded, RawMessage, group_by, joined, refuse
from warnstream.ingest.packed import PackedDecoder
from warnstream.ingest.senml import Moment, SenmlDecoder
from warnstream.ingest.sl651.decoder import Sl651Decoder
from warnstream.ingest.speakers import ANY, Senders, speaks_for_all
from warnstream.ingest.uplink import UPLINK_FORMATS, UplinkDecoder
from warnstream.ingest.wis2 import Wis2Decoder
from warnstream.model.messages import MessageColumns
from warnstream.model.network import Stations
from warnstream.model.observations.decoders import DecoderRule, matches, without_backlog
from warnstream.model.observations.readings import COUNTERS, empty_batch
from warnstream.model.observations.refusals import Refusal, RefusalReason

TOPICS_REMEMBERED_MAX = 100_000
"""About 20 MB; a county has some thousands of topics."""

_NONE = -1


class FormatDecoder(Protocol):
    """What every format offers."""

    def decode(self, messages: Sequence[RawMessage]) -> Decoded:
        """Readings of all messages, in order; never raises for what a message contains."""
        ...


class DecoderSelection:
    """The decoders of one node.

    Parameters
    ----------
    stations : Stations
    rules : sequence of DecoderRule
    takes_exercises : bool
        Whether observations that are marked as an exercise count.
    speakers : Senders, optional
        Without it every message may speak for every station.
    """

    def __init__(
        self,
        stations: Stations,
        rules: Sequence[DecoderRule],
        *,
        takes_exercises: bool = False,
        speakers: Senders | None = None,
    ) -> None:
        self._rules = tuple(rules)
        self._speakers = speakers
        self._moment = Moment()
        self._decoders = [
            _decoder_of(rule, stations, self._moment, takes_exercises=takes_exercises) for rule in rules
        ]
        self._counter_source = [rule.counter_source for rule in rules]
        self._known: dict[str, tuple[int, int]] = {}

    def decode(self, messages: Sequence[RawMessage], now_s: int = -1) -> Decoded:
        """Readings of all messages; those of one format stay in order of arrival.

        `now_s` is the engine's time, from which relative times count; -1 before the first step.
        """
        self._moment.now_s = now_s
        if not messages:
            return Decoded(empty_batch(), [])
        known = self._known
        found = [known.get(message.topic) or self._choose(message.topic) for message in messages]
        chosen = [rule for rule, _ in found]
        speakers = [speaker for _, speaker in found]
        if chosen.count(chosen[0]) == len(chosen) and chosen[0] != _NONE:
            return self._decode(chosen[0], messages, speakers)
        parts = []
        groups = group_by(chosen, list(zip(messages, speakers, strict=True)))
        for index, pairs in groups.items():
            group = [message for message, _ in pairs]
            if index == _NONE:
                parts.append(Decoded(empty_batch(), [_no_decoder(message) for message in group]))
                continue
            parts.append(self._decode(index, group, [speaker for _, speaker in pairs]))
        return joined(parts)

    def decode_columns(self, messages: MessageColumns, now_s: int = -1) -> Decoded:
        """The same of messages as columns; what is flat JSON throughout is read without an object each."""
        found = [self._known.get(topic) or self._choose(topic) for topic in messages.topics]
        rules = {rule for rule, _ in found}
        decoder = self._decoders[next(iter(rules))] if len(rules) == 1 and _NONE not in rules else None
        if isinstance(decoder, Decoder):
            speaker = np.array([speaker for _, speaker in found], dtype=np.int32)
            # A fault of the decoder is found again, and the message that meets it, one by one.
            with contextlib.suppress(Exception):
                decoded = decoder.decode_columns(messages, speaker[messages.topic])
                return self._with_source(decoded, next(iter(rules)))
        return self.decode(list(itertools.starmap(RawMessage, messages.pairs())), now_s)

    def _decode(self, index: int, messages: Sequence[RawMessage], speakers: Sequence[int]) -> Decoded:
        """Readings of messages of one format.

        A decoder never raises for what a message contains. Should one have a fault all the same, only the
        message that met it is set aside: it is in the journal already, and would stop every restart too.
        """
        try:
            return self._with_source(self._decode_heard(index, messages, speakers), index)
        except Exception as fault:  # noqa: BLE001  # whatever it is, the other messages must be read
            if len(messages) == 1:
                detail = f"a fault of the decoder: {type(fault).__name__}: {fault}"
                return Decoded(empty_batch(), [refuse(RefusalReason.DECODER_FAULT, detail, messages[0])])
            return joined(
                [
                    self._decode(index, [message], [speaker])
                    for message, speaker in zip(messages, speakers, strict=True)
                ]
            )

    def _decode_heard(self, index: int, messages: Sequence[RawMessage], speakers: Sequence[int]) -> Decoded:
        """Messages of one format, each heard for its own station only."""
        decoder = self._decoders[index]
        if self._speakers is None or speaks_for_all(speakers):
            return decoder.decode(messages)
        if isinstance(decoder, Decoder):
            return decoder.decode(messages, speakers)
        parts = []
        for message, speaker in zip(messages, speakers, strict=True):
            decoded = decoder.decode([message])
            parts.append(decoded if speaker == ANY else self._speakers.only_own(decoded, speaker, message))
        return joined(parts)

    def _with_source(self, decoded: Decoded, index: int) -> Decoded:
        """Counters know by which rule their numbers became millimetres: others are not compared with them."""
        source = self._counter_source[index]
        if source == 0 or len(decoded.readings) == 0:
            return decoded
        readings = decoded.readings
        is_counter = np.isin(readings.variable, COUNTERS)
        sequence = np.where(is_counter, source, readings.sequence).astype(np.int32)
        return dataclasses.replace(decoded, readings=dataclasses.replace(readings, sequence=sequence))

    def _choose(self, topic: str) -> tuple[int, int]:
        """The rule of a topic and whom it speaks for; remembered."""
        names = dict.fromkeys((topic, without_backlog(topic)))
        fitting = (
            index for name in names for index, rule in enumerate(self._rules) if matches(rule.topic, name)
        )
        speaker = ANY if self._speakers is None else self._speakers.of(topic)
        found = next(fitting, _NONE), speaker
        if len(self._known) >= TOPICS_REMEMBERED_MAX:
            self._known.clear()
        if len(topic) <= CACHED_CHARACTERS_MAX:
            self._known[topic] = found
        return found


def _no_decoder(message: RawMessage) -> Refusal:
    return refuse(RefusalReason.NO_DECODER, f"no entry of decoders: matches {message.topic!r:.200}", message)


_WITH_MOMENT: dict[str, Callable[..., FormatDecoder]] = {
    "wis2": Wis2Decoder,
    "senml_json": SenmlDecoder,
    "senml_cbor": SenmlDecoder,
    "json": AnyJsonDecoder,
    **dict.fromkeys(UPLINK_FORMATS, UplinkDecoder),
}
"""Decoders of messages that may tell no time, and may be marked as an exercise."""


def _decoder_of(
    rule: DecoderRule, stations: Stations, moment: Moment, *, takes_exercises: bool
) -> FormatDecoder:
    if rule.format in _WITH_MOMENT:
        return _WITH_MOMENT[rule.format](stations, rule, moment, takes_exercises=takes_exercises)
    match rule.format:
        case "flat_json":
            return Decoder(stations, rule, takes_exercises=takes_exercises)
        case "packed":
            return PackedDecoder(stations, rule)
        case "sl651":
            return Sl651Decoder(stations, rule)
        case _:
            raise ValueError(f"no decoder for format {rule.format!r}")
