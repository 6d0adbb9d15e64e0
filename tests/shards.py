"""A county cut into shards, and what its parts tell beside what the whole tells."""

import csv
import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from warnstream import __version__
from warnstream.config.settings import Configuration
from warnstream.model.digests import Digest
from warnstream.runners.history.start import entry_of
from warnstream.runners.intake.history_entries import CONFIGURATION, decode_issued, encode
from warnstream.runners.kafka.addressing import addressing_of
from warnstream.runners.kafka.shard import ISSUED_EVENT, Event

Entry = tuple[str, bytes]


def write_shards(directory: Path, n_shards: int) -> None:
    """Cut a county of `station-sim county` into blocks of townships of about as many villages each."""
    with (directory / "villages.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    towns: dict[tuple[str, str], list[dict[str, str]]] = {}
    for row in sorted(rows, key=lambda row: (row["county"], row["township"])):
        towns.setdefault((row["county"], row["township"]), []).append(row)
    left, lines = len(rows), ["village,shard"]
    shard, in_shard = 0, 0
    for those in towns.values():
        is_full = in_shard and in_shard + len(those) / 2 > left / (n_shards - shard)
        if is_full and shard < n_shards - 1:
            shard, left, in_shard = shard + 1, left - in_shard, 0
        lines += [f"{row['village']},{shard}" for row in those]
        in_shard += len(those)
    assert shard == n_shards - 1, f"{len(towns)} townships, {n_shards} shards"
    (directory / "shards.csv").write_text("\n".join([*lines, ""]), encoding="utf-8")


@dataclass(slots=True)
class Said:
    """What villages and posts were told, as bytes by identity.

    `events` are changes and messages by key. `doors` is what each village's doors were to have and what the
    desk knew then, in order. `digests` are of posts that one shard alone tells. With `codes` only what
    concerns these villages counts.
    """

    codes: frozenset[str] | None = None
    events: dict[str, bytes] = field(default_factory=dict)
    doors: dict[str, list[bytes]] = field(default_factory=dict)
    digests: dict[str, list[bytes]] = field(default_factory=dict)

    def take(self, events: Iterable[tuple[str, str, bytes]], posts: Iterable[str]) -> None:
        """Kind, key and value of events, each once, in order; digests of these posts count."""
        known = frozenset(posts)
        for kind, key, value in events:
            if kind == ISSUED_EVENT:
                self._take_issued(value, known)
            elif self._counts(msgspec.json.decode(value)["village"]):
                assert self.events.setdefault(key, value) == value

    def _counts(self, code: str) -> bool:
        return self.codes is None or code in self.codes

    def unlike(self, found: "Said") -> list[str]:
        """In what another one differs from this one, in words."""
        said = []
        lost, strange = self.events.keys() - found.events.keys(), found.events.keys() - self.events.keys()
        if lost or strange:
            first = [*lost, *strange][0]
            said.append(f"{len(lost)} events missing, {len(strange)} that nothing led to, the first {first}")
        if other := [key for key, value in self.events.items() if found.events.get(key, value) != value]:
            said.append(f"{len(other)} events of other bytes, the first {other[0]}")
        for what in ("doors", "digests"):
            own, others = getattr(self, what), getattr(found, what)
            if unlike := [code for code in own.keys() | others.keys() if own.get(code) != others.get(code)]:
                first = _first(own, others, unlike[0])
                said.append(f"{what} of {len(unlike)} otherwise, the first {unlike[0]}: {first}")
        return said

    def _take_issued(self, value: bytes, posts: frozenset[str]) -> None:
        issued = decode_issued(value)
        for code, case in issued.cases:
            self._of_village(code, ("case", case))
        for code, bulletin in issued.bulletins:
            self._of_village(code, ("doors", bulletin))
        for voice in issued.voices:
            self._of_village(voice.village, ("voice", voice))
        for digest in issued.digests:
            if digest.post in posts:
                told = self.digests.setdefault(digest.post, [])
                told.append(msgspec.msgpack.encode(named(digest, issued.digest_villages)))

    def _of_village(self, code: str, what: object) -> None:
        if not self._counts(code):
            return
        built = _without_numbers(msgspec.to_builtins(what))
        self.doors.setdefault(code, []).append(msgspec.msgpack.encode(built))


def _first(own: Mapping[str, list[bytes]], others: Mapping[str, list[bytes]], code: str) -> str:
    """Where two lists part, and how."""
    pairs = itertools.zip_longest(own.get(code, []), others.get(code, []))
    number, (mine, theirs) = next((n, pair) for n, pair in enumerate(pairs) if pair[0] != pair[1])
    shown = [None if told is None else msgspec.msgpack.decode(told) for told in (mine, theirs)]
    return f"number {number} is {shown[1]} and not {shown[0]}"


def _without_numbers(built: object) -> object:
    """Without the numbers of villages, which each part has by itself, and the names of calls for help."""
    if isinstance(built, dict):
        return {
            name: _without_numbers(value)
            for name, value in sorted(built.items())
            if not (name == "help" or (name == "village" and isinstance(value, int)))
        }
    if isinstance(built, list | tuple):
        return [_without_numbers(value) for value in built]
    return built


def named(digest: Digest, codes: Mapping[int, str]) -> object:
    """A digest with codes of villages in place of their numbers; names of calls count elsewhere."""
    built = _without_numbers(msgspec.to_builtins(digest))
    return [built, [codes[line.village] for line in digest.lines]]


def own_posts(parts: Sequence[Configuration]) -> list[frozenset[str]]:
    """Of each part the posts that it alone tells."""
    return [part.routing.part.own for part in parts]


def divided(
    configuration: Configuration, parts: Sequence[Configuration], log: Sequence[Entry]
) -> list[list[Entry]]:
    """The log of each shard; a configuration entry is each part's own."""
    addressing = addressing_of(configuration, parts)
    found: list[list[Entry]] = [[] for _ in parts]
    for kind, payload in log:
        if kind == CONFIGURATION:
            for own, part in zip(found, parts, strict=True):
                own.append((CONFIGURATION, encode(entry_of(part, __version__, 0))))
            continue
        for shard, name, own_payload in addressing.divide([(kind, payload)]):
            found[shard].append((name, own_payload))
    return found


def as_told(events: Iterable[Event]) -> list[tuple[str, str, bytes]]:
    """Kind, key and value."""
    return [(event.kind, event.key, event.value) for event in events]
