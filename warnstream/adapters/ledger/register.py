"""Doors by number: those of the register, then former ones, who were told something and have left it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType

import msgspec
import numpy as np

from warnstream.adapters.ledger.links import village_digest
from warnstream.delivery.dispatch.queue import Grade
from warnstream.delivery.ledger.ledger import Ledger
from warnstream.model.arrays import UInt8Array
from warnstream.model.network import Network

WAYS_MAX = 255
NOTHING_NEXT: Mapping[str, str] = MappingProxyType({})
VILLAGES_REMEMBERED = 1_024
"""Villages whose doors are kept ready by code; outcomes and answers come village by village."""


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
    next_of : mapping of str to str
        The channel that goes on after another.

    Attributes
    ----------
    villages : sequence of str
        Codes by number.
    number : dict of str to int
        Of villages, by code.
    former : tuple of FormerDoor
        In the order of their rows.
    ways : tuple of str
        Names of channels by number; those that go on after others last.

    Raises
    ------
    ValueError
        If doors have more than `WAYS_MAX` channels.
    """

    def __init__(
        self,
        network: Network,
        former: Iterable[FormerDoor] = (),
        next_of: Mapping[str, str] = NOTHING_NEXT,
    ) -> None:
        self.network = network
        self.villages: Sequence[str] = network.villages.code
        self.number = {code: number for number, code in enumerate(self.villages)}
        self._of_digest: dict[int, list[int]] = {}
        for code, village in self.number.items():
            self._of_digest.setdefault(village_digest(code), []).append(village)
        self._doors_of: dict[int, dict[str, int]] = {}
        self._rows_of_former: dict[int, dict[str, int]] = {}
        self.former = tuple(self._new_former(former))
        number: dict[str, int] = {}
        channels = [*network.households.channel, *(door.channel for door in self.former)]
        way = [number.setdefault(channel, len(number)) for channel in channels]
        for channel in list(number):
            while (channel := next_of.get(channel, channel)) not in number:
                number[channel] = len(number)
        self._next_way = {number[name]: number[then] for name, then in next_of.items() if name in number}
        if len(number) >= WAYS_MAX:
            raise ValueError(f"doors have {len(number)} channels, expected at most {WAYS_MAX}")
        self.ways = tuple(number)
        self._way: UInt8Array = np.array(way, dtype=np.uint8)
        self._way_of = number

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
        return Ledger(first, self._way, villages, self._grades(), self._next_way)

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

    def channel(self, row: int) -> str:
        """Channel of a door."""
        n = len(self.network.households)
        return self.network.households.channel[row] if row < n else self.former[row - n].channel

    def address(self, row: int) -> str:
        """Address of a door on its channel."""
        n = len(self.network.households)
        return self.network.households.address[row] if row < n else self.former[row - n].address

    def door_at(self, village: int, row: int) -> FormerDoor:
        """A door as it will be known once it has left the register."""
        return FormerDoor(self.villages[village], self.code(row), self.channel(row), self.address(row))


def are_same_doors(before: Network, now: Network) -> bool:
    """Whether villages and doors have the same numbers, channels and addresses."""
    own, new = before.households, now.households
    return (
        before.villages.code == now.villages.code
        and (own.code, own.channel, own.address) == (new.code, new.channel, new.address)
        and np.array_equal(own.first_of_village, new.first_of_village)
    )
