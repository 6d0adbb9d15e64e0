"""Who speaks in a message: a station for itself, a gateway for every station.

The name in the station's place of ``{prefix}/{county}/{kind}/{station}/obs``
is what a broker or our listener proves by its permissions. What a message
says of another station than the one in its topic is refused, unless the name
is a gateway's: else anybody who knows one station's password could write
another's rain. Topics of another form carry no station's name; only gateways
may be let publish there.
"""

from collections.abc import Collection, Mapping, Sequence

import numpy as np

from warnstream.ingest.names import Decoded, RawMessage, refuse
from warnstream.model.network import Stations
from warnstream.model.observations.decoders import without_backlog
from warnstream.model.observations.refusals import RefusalReason

ANY = -1
"""Speaks for every station."""

NOBODY = -2
"""A name that is neither a station's nor a gateway's: it speaks for none."""

OWN_LEVELS = 4
"""County, kind, station and ``obs`` after the prefix."""


class Senders:
    """Which station a topic lets its sender speak for.

    Parameters
    ----------
    prefix : str
    stations : Stations
    gateways : collection of str
        Names in the station's place of a topic that may speak for every station.
    names : mapping of str to str
        Gateways' names of stations -> codes, as `DecoderRule.stations`.
    """

    def __init__(
        self,
        prefix: str,
        stations: Stations,
        gateways: Collection[str],
        names: Mapping[str, str] | None = None,
    ) -> None:
        self._head = f"{prefix}/"
        ours = stations.index_of_name()
        self._code = stations.code
        self._speaker = {**ours, **{theirs: ours[code] for theirs, code in (names or {}).items()}}
        self._speaker |= dict.fromkeys(gateways, ANY)

    def of(self, topic: str) -> int:
        """Number of the station that a topic is for, `ANY` or `NOBODY`."""
        name = self._name_in(topic)
        return ANY if name is None else self._speaker.get(name, NOBODY)

    def only_own(self, decoded: Decoded, speaker: int, message: RawMessage) -> Decoded:
        """What a message says of its own station; the rest is one refusal."""
        is_own = decoded.readings.station == speaker
        if is_own.all():
            return decoded
        other = self._code[decoded.readings.station[np.flatnonzero(~is_own)[0]]]
        refusal = refuse(RefusalReason.WRONG_STATION, self.detail(other, message.topic), message)
        return Decoded(decoded.readings.select(is_own), [*decoded.refusals, refusal], decoded.n_without)

    @staticmethod
    def detail(station: object, topic: str) -> str:
        """Why a station may not be named under a topic."""
        return (
            f"{station!r:.80} in a message on {topic!r:.200}: a station speaks for itself alone; "
            "a gateway is named in topics.gateways"
        )

    def _name_in(self, topic: str) -> str | None:
        if not topic.startswith(self._head):
            return None
        levels = without_backlog(topic)[len(self._head) :].split("/")
        return levels[2] if len(levels) == OWN_LEVELS and levels[3] == "obs" else None


def speaks_for_all(speakers: Sequence[int]) -> bool:
    """Whether every message is by a gateway."""
    return speakers.count(ANY) == len(speakers)
