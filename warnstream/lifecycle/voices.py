"""What the doors of all villages have been told: how it is shown, kept in a snapshot, and taken over.

Nothing here decides whether doors hear something: that is `warnstream.lifecycle.bulletins`.
"""

from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

import msgspec

from warnstream.lifecycle.asking import Asking
from warnstream.lifecycle.identity import legal, parse_message_name
from warnstream.lifecycle.voice import NEVER, Held, VillageVoice, Voice, VoicesSnapshot, voices_in
from warnstream.model.bulletins import Bulletin, Ordered, OrderTable, Standing, episode_name
from warnstream.model.times import NEVER_DUE_S
from warnstream.model.warning import MessageStatus


class Voices:
    """The voice of each village's doors.

    Parameters
    ----------
    prefix : str
        First part of identities.
    village_codes : sequence of str
    orders : OrderTable
    was : mapping of str to str, optional
        By a code that a village had before, its code now.
    """

    def __init__(
        self,
        prefix: str,
        village_codes: Sequence[str],
        orders: OrderTable,
        was: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self._prefix = legal(prefix)
        self._codes = village_codes
        number = {code: village for village, code in enumerate(village_codes)}
        self._number = {**{before: number[code] for before, code in was.items()}, **number}
        self._asking = Asking(orders)
        self._voices: dict[int, Voice] = {}
        self._due: list[tuple[int, int]] = []
        self._episode_of: dict[int, str] = {}
        self._village_of_episode: dict[str, int] = {}

    @property
    def due_s(self) -> int:
        """When time alone may have something said; infinite: never."""
        return self._due[0][0] if self._due else NEVER_DUE_S

    def is_told(self, village: int) -> bool:
        """Whether the doors of a village were told something whose end they have not heard."""
        voice = self._voices.get(village)
        return voice is not None and voice.is_open

    def status_of(self, village: int) -> MessageStatus:
        """Status of a village's episode, or of its last one."""
        voice = self._voices.get(village)
        return MessageStatus.ACTUAL if voice is None else voice.status

    def village_of(self, identifier: str) -> int | None:
        """Whose doors were told a bulletin of that name in the last episode; None: nobody's."""
        named = parse_message_name(identifier)
        village = self._village_of_episode.get(named[0]) if named else None
        if named is None or village is None or named[1] > self._voices[village].n:
            return None
        return village

    def standing(self, village: int) -> tuple[Standing, ...]:
        """What stands in a village, the leading hazard first."""
        voice = self._voices.get(village)
        return () if voice is None else self._asking.in_order(voice.standing.values())

    def ordered(self, village: int) -> Ordered:
        """What orders about moving people have meant for a village's doors so far."""
        voice = self._voices.get(village)
        return Ordered() if voice is None else voice.ordered

    def has_left(self, village: int) -> bool:
        """Whether a village's doors were asked to go and never told to come back."""
        voice = self._voices.get(village)
        return voice is not None and voice.has_left

    def ended_s(self, village: int) -> int:
        """When the last real episode of a village ended; `NEVER` before."""
        voice = self._voices.get(village)
        return NEVER if voice is None else voice.real_until_s

    def last_word(self, village: int) -> str:
        """Name of the last bulletin of a village's episode; empty outside of one."""
        voice = self._voices.get(village)
        return voice.latest.identifier if voice is not None and voice.latest is not None else ""

    def seen_in(self, village: int) -> list[str]:
        """Hazards that stood in the open episode of a village, in order; none outside of one."""
        voice = self._voices.get(village)
        return sorted(voice.seen) if voice is not None and voice.is_open else []

    def waiting(self) -> list[tuple[int, Held]]:
        """Villages whose doors wait for an officer, and for what; the oldest first."""
        voices = list(self._voices.items())  # asked from other threads too
        found = [(village, voice.held) for village, voice in voices if voice.held is not None]
        return sorted(found, key=lambda one: (one[1].since_s, one[0]))

    def open_villages(self) -> list[int]:
        """Villages whose doors wait for an end."""
        return sorted(village for village, voice in self._voices.items() if voice.is_open)

    def no_end(self) -> frozenset[tuple[int, MessageStatus]]:
        """Villages where something stands, for real or as an exercise: no such end may go out there."""
        return frozenset(
            (village, warning.status)
            for village, voice in self._voices.items()
            for warning in voice.standing.values()
        )

    def villages(self) -> list[int]:
        """Villages in which anything ever stood."""
        return sorted(self._voices)

    def last_of(self, status: MessageStatus) -> list[Bulletin]:
        """The last bulletin of every open episode of a status of which something stands, worst first."""
        last = [
            voice.latest
            for _, voice in sorted(self._voices.items())
            if voice.is_open and voice.status is status and voice.heard() and voice.latest is not None
        ]
        return sorted(last, key=lambda one: -one.worst)

    def forget(self) -> None:
        """Be as new."""
        self._voices, self._due, self._episode_of, self._village_of_episode = {}, [], {}, {}

    def voices_of(self, villages: Iterable[int]) -> list[VillageVoice]:
        """Voices as they are now, for a log of what was issued.

        What a step changes is in the villages of its messages and of its bulletins, and nowhere else.
        """
        known = sorted(village for village in set(villages) if village in self._voices)
        return [VillageVoice(self._codes[village], self._voices[village]) for village in known]

    def follow(self, voices: Iterable[VillageVoice]) -> None:
        """Take voices as a log has them, whatever was here; nothing is said.

        Raises
        ------
        ValueError
            If doors of a village that the register does not have wait for an end.
        """
        for code, voice in voices:
            if code in self._number:
                self._take_up(self._number[code], self._named(voice, code))
            elif voice.is_open:
                raise ValueError(_unknown(code))

    def snapshot(self) -> bytes:
        """Everything between two steps; `restore` of it continues exactly."""
        voices = dict(sorted(self._voices.items()))
        codes = [self._codes[village] for village in voices]
        return msgspec.msgpack.encode(VoicesSnapshot(codes, list(voices.values())), order="sorted")

    def restore(self, state: bytes) -> None:
        """Take up a snapshot; on an error everything stays as it was.

        Raises
        ------
        ValueError
            If the bytes are no snapshot, or doors of a village that the register no longer has wait
            for an end.
        """
        voices: dict[int, Voice] = {}
        for code, voice in voices_in(state):
            if code in self._number:
                voices[self._number[code]] = self._named(voice, code)
            elif voice.is_open:
                raise ValueError(_unknown(code))
        self.forget()
        for village, voice in voices.items():
            self._take_up(village, voice)

    def _named(self, voice: Voice, code: str) -> Voice:
        """An episode keeps the name that phones know it by, whatever its village is called by now."""
        if code != self._codes[self._number[code]] and not voice.named:
            voice.named = code
        return voice

    def _take_up(self, village: int, voice: Voice) -> None:
        """Village numbers change when the register does."""
        if voice.latest is not None and voice.latest.village != village:
            voice.latest = replace(voice.latest, village=village)
        self._voices[village] = voice
        self._plan(village, voice)
        if voice.opened_s != NEVER:
            self._know_episode(village, voice)

    def _know_episode(self, village: int, voice: Voice) -> None:
        """The village of its episode's name; that of its last episode is forgotten."""
        self._village_of_episode.pop(self._episode_of.get(village, ""), None)
        name = episode_name(self._prefix, legal(voice.named or self._codes[village]), voice.opened_s)
        self._episode_of[village], self._village_of_episode[name] = name, village

    @abstractmethod
    def _plan(self, village: int, voice: Voice, after_s: int = NEVER) -> None:
        """When the village has to be looked at again if nothing happens there."""


def _unknown(village_code: str) -> str:
    return f"doors of village {village_code!r} wait for an end, the register has no such village"
