"""Doors by number: those of the register, then former ones, who were told something and have left it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

import msgspec
import numpy as np

from warnstream.adapters.ledger.links import village_digest
from warnstream.delivery.dispatch.queue import Grade
from warnstream.delivery.ledger.ledger import Ledger
from warnstream.model.arrays import UInt8Array
from warnstream.model.network import Network

WAYS_MAX = 255
VILLAGES_REMEMBERED = 1_024
"""Villages whose doors are kept ready by code; outcomes and answers come village by village."""

WAY_SEPARATOR = ";"
"""Behind every channel in the name of a way of doors that have several: ``sms;voice;``. No channel has it."""


class Following(NamedTuple):
    """What goes on after a channel.

    `channel` and `after_s`, by name: of doors with one address the channel that goes on there, and after how
    many seconds without an answer. `silent_after_s`, by name: of doors with several ways a channel that is
    for those who have been told by another one and have not answered for so long.
    """

    channel: Mapping[str, str] = MappingProxyType({})
    after_s: Mapping[str, int] = MappingProxyType({})
    silent_after_s: Mapping[str, int] = MappingProxyType({})

    @property
    def waits_s(self) -> list[int]:
        """After how many seconds without an answer another way may have its turn."""
        return [*self.after_s.values(), *self.silent_after_s.values()]


NOTHING_FOLLOWS = Following()


def channel_in(name: str) -> str:
    """The channel of a way, by the way's name.

    >>> channel_in("sms;voice;"), channel_in("sms")
    ('sms', 'sms')
    """
    return name.partition(WAY_SEPARATOR)[0]


class FormerDoor(msgspec.Struct, frozen=True, array_like=True):
    """A door that has left the register, by the codes and with the address of then."""

    village: str
    door: str
    channel: str
    address: str


class Register:
    """What the rows of a ledger are.

    Parameters
    ----------
    network : Network
    former : iterable of FormerDoor
        Of villages of the network that are not in its register; others are left out.
    following : Following

    Attributes
    ----------
    villages : sequence of str
        Codes by number.
    number : dict of str to int
        Of villages, by code, codes that they had before among them.
    former : tuple of FormerDoor
        In the order of their rows.
    ways : tuple of str
        Names of ways by number: channels, those that go on after others behind them; then those of doors
        with several ways: a channel and what comes after it (`WAY_SEPARATOR`).
    n_channels : int
        So many of them, the first, are channels.
    channel_of : tuple of int
        Number of each way's channel.
    after_s : tuple of int
        By way: after how many seconds without an answer another one has its turn; 0: never.

    Raises
    ------
    ValueError
        If doors have more than `WAYS_MAX` different ways.
    """

    def __init__(
        self,
        network: Network,
        former: Iterable[FormerDoor] = (),
        following: Following = NOTHING_FOLLOWS,
    ) -> None:
        self.network = network
        self.villages: Sequence[str] = network.villages.code
        self.number = network.villages.index_of_name()
        self._of_digest: dict[int, list[int]] = {}
        for code, village in self.number.items():
            self._of_digest.setdefault(village_digest(code), []).append(village)
        self._doors_of: dict[int, dict[str, int]] = {}
        self._rows_of_former: dict[int, dict[str, int]] = {}
        self.former = tuple(self._new_former(former))
        self._number_ways(following)

    def _number_ways(self, following: Following) -> None:
        """Channels first, as they come; then what doors with further ways have, each tail once."""
        households = self.network.households
        number: dict[str, int] = {}
        channels = [*households.channel, *(door.channel for door in self.former)]
        way = [number.setdefault(channel, len(number)) for channel in channels]
        kinds = {row: self._channels_of(row) for row, more in enumerate(households.further) if more}
        for kind in dict.fromkeys(kinds.values()):
            for channel in kind:
                number.setdefault(channel, len(number))
        next_of = following.channel
        for channel in list(number):
            while (channel := next_of.get(channel, channel)) not in number:
                number[channel] = len(number)
        next_way = {number[name]: number[then] for name, then in next_of.items() if name in number}
        after_s = {number[name]: wait for name, wait in following.after_s.items() if name in number}
        tails = _Tails(number, following.silent_after_s)
        for row, kind in kinds.items():
            way[row] = tails.add(kind)
        self._next_way = next_way | tails.next_way
        self._silent_way = next_way | tails.silent_way
        self.n_channels = len(number)
        self.ways: tuple[str, ...] = (
            *number,
            *(f"{WAY_SEPARATOR.join(tail)}{WAY_SEPARATOR}" for tail in tails.names),
        )
        if len(self.ways) >= WAYS_MAX:
            raise ValueError(f"doors have {len(self.ways)} different ways, expected at most {WAYS_MAX}")
        self.channel_of: tuple[int, ...] = (
            *range(self.n_channels),
            *(number[tail[0]] for tail in tails.names),
        )
        waits = after_s | tails.after_s
        self.after_s: tuple[int, ...] = tuple(waits.get(at, 0) for at in range(len(self.ways)))
        self._way: UInt8Array = np.array(way, dtype=np.uint8)
        self._way_of = number
        self._way_of_name = {name: at for at, name in enumerate(self.ways)}

    def _channels_of(self, row: int) -> tuple[str, ...]:
        return tuple([channel for channel, _ in self.network.households.ways(row)])

    def _new_former(self, former: Iterable[FormerDoor]) -> Iterator[FormerDoor]:
        row = len(self.network.households)
        for door in former:
            village = self.number.get(door.village)
            if village is None or self.row_of(village, door.door) is not None:
                continue
            self._rows_of_former.setdefault(village, {})[door.door] = row
            row += 1
            yield door

    def new_ledger(self) -> Ledger:
        """One in which nobody was told anything."""
        villages = [self.number[door.village] for door in self.former]
        first = self.network.households.first_of_village
        return Ledger(
            first,
            self._way,
            villages,
            self._grades(),
            self._next_way,
            silent_way=self._silent_way,
            channel_of=self.channel_of,
        )

    def _grades(self) -> UInt8Array:
        """Who goes first, as far as the register says; of those who have left it nothing is known."""
        facts = self.network.households.facts
        if facts is None:
            return np.full(len(self._way), Grade.UNKNOWN, np.uint8)
        grades = [Grade.__members__.get(letter, Grade.UNKNOWN) for letter in facts.grade]
        own = np.where(np.array(facts.helpless, dtype=np.int64) > 0, Grade.HELPLESS, grades)
        former = np.full(len(self.former), Grade.UNKNOWN)
        return np.concatenate([own, former]).astype(np.uint8)

    def village_of(self, code: str) -> int | None:
        """Number of a village; None if there is none of that code."""
        return self.number.get(code)

    def villages_of_digest(self, digest: int) -> Sequence[int]:
        """Villages whose code has a digest (`village_digest`): one, seldom more."""
        return self._of_digest.get(digest, ())

    def way_of(self, channel: str) -> int | None:
        """Number of a channel; None if no door has it."""
        return self._way_of.get(channel)

    def row_of(self, village: int, door: str) -> int | None:
        """Row of a door of a village; None if it never was there."""
        row = self._of_village(village).get(door)
        return self._rows_of_former.get(village, {}).get(door) if row is None else row

    def _of_village(self, village: int) -> dict[str, int]:
        found = self._doors_of.get(village)
        if found is None:
            rows = self.network.households.of_village(village)
            codes = self.network.households.code[rows.start : rows.stop]
            found = dict(zip(codes, rows, strict=True))
            if len(self._doors_of) >= VILLAGES_REMEMBERED:
                self._doors_of.clear()
            self._doors_of[village] = found
        return found

    def doors(self, village: int) -> list[str]:
        """Codes of a village's doors in the order of its rows, former ones last."""
        rows = self.network.households.of_village(village)
        own = self.network.households.code[rows.start : rows.stop]
        return [*own, *self._rows_of_former.get(village, ())]

    def code(self, row: int) -> str:
        """Code of a door."""
        n = len(self.network.households)
        return self.network.households.code[row] if row < n else self.former[row - n].door

    def way_of_name(self, name: str) -> int | None:
        """Number of a way by its name in `ways`; None if no door has it."""
        return self._way_of_name.get(name)

    def channel_of_way(self, way: int) -> str:
        """Name of the channel of a way."""
        return self.ways[self.channel_of[way]]

    def address(self, row: int, channel: str) -> str:
        """Address of a door on a channel; its first one where the channel only goes on with that."""
        n, households = len(self.network.households), self.network.households
        if row >= n:
            return self.former[row - n].address
        if households.further:
            for name, address in households.further[row]:
                if name == channel:
                    return address
        return households.address[row]

    def door_at(self, village: int, row: int, way: int) -> FormerDoor:
        """A door as it will be known once it has left the register: by the way on which it is now."""
        channel = self.channel_of_way(way)
        return FormerDoor(self.villages[village], self.code(row), channel, self.address(row, channel))


class _Tails:
    """Ways of doors that have several: each is a channel and the channels that come after it.

    The last channel of a door has nothing of its own after it: it is the channel itself, and what
    channels.yaml lets go on after that with the same address does not (`next` is of doors with one way).
    """

    def __init__(self, number: Mapping[str, int], silent_after_s: Mapping[str, int]) -> None:
        self._first, self._silent_after_s = len(number), silent_after_s
        self.names: list[tuple[str, ...]] = []
        self.number_of: dict[tuple[str, ...], int] = {}
        self.next_way: dict[int, int] = {}
        self.silent_way: dict[int, int] = {}
        self.after_s: dict[int, int] = {}

    def add(self, kind: tuple[str, ...]) -> int:
        """The number of a way, with all that come after it."""
        known = self.number_of.get(kind)
        if known is not None:
            return known
        self.number_of[kind] = own = self._first + len(self.names)
        self.names.append(kind)
        if kind[1:]:
            self.next_way[own] = self.add(kind[1:])
        for at, channel in enumerate(kind[1:], start=1):
            if channel in self._silent_after_s:
                self.silent_way[own] = self.number_of[kind[at:]]
                self.after_s[own] = self._silent_after_s[channel]
                break
        return own


def are_same_doors(before: Network, now: Network) -> bool:
    """Whether villages and doors have the same numbers, channels and addresses."""
    own, new = before.households, now.households
    return (
        before.villages.code == now.villages.code
        and before.villages.was == now.villages.was
        and (own.code, own.channel, own.address) == (new.code, new.channel, new.address)
        and own.further == new.further
        and np.array_equal(own.first_of_village, new.first_of_village)
    )
