"""To which partitions of a county an entry goes.

Readings, times and the configuration go to all of them, what concerns one village to the one that judges it.
What names nobody that is known goes to every partition: each passes over what is not its own, and nothing is
lost. The node's own alarms go to the first one, so that the posts on duty hear of them once.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

import msgspec

from warnstream.config.settings import Configuration
from warnstream.ingest.flat_json.decoder import RawMessage
from warnstream.lifecycle.identity import legal
from warnstream.model.digests import HelpAssign, HelpClose, ReportBody
from warnstream.model.effects import OperatorAffirm, OperatorCancel
from warnstream.model.hands.orders import HandOrder
from warnstream.model.network import Network
from warnstream.model.observations.signs import SignReport, SignVerdict
from warnstream.runners.build import topics_of
from warnstream.runners.intake import entries
from warnstream.runners.intake.entries import AnswerMessage, SignEntry
from warnstream.runners.intake.topics import StationTopics

Entry = tuple[str, bytes]
Shards = Sequence[int]

OF_POSTS = ("@post", "@drill")
"""Second word in the name of a digest, a shard's number behind it where a post has several."""


class Addressing:
    """Divides entries of a county among its shards.

    Parameters
    ----------
    configuration : Configuration
        The whole county, cut or not.
    posts : mapping of str to int
        Shard of each post that is told by one alone.
    """

    def __init__(self, configuration: Configuration, posts: Mapping[str, int]) -> None:
        villages, shards = configuration.network.villages, configuration.shards
        self.n_shards = max(shards, default=0) + 1
        self._all = range(self.n_shards)
        self._of_village = dict(zip(villages.code, shards, strict=False))
        self._of_legal = {legal(code): shard for code, shard in self._of_village.items()}
        self._of_post, self._of_door = dict(posts), _doors(configuration.network, shards)
        zones = configuration.network.zones if shards else ()
        self._of_zone = {zone.code: shards[zone.village] for zone in zones}
        self._of_name = _names(configuration.network, shards)
        self._topics = topics_of(configuration)
        self._stations = StationTopics(self._topics)
        self._of_kind: Mapping[str, Callable[[bytes], Shards]] = {
            entries.ANSWER: self._answer_entry,
            entries.CANCEL: lambda payload: self._named(entries.decode_cancel(payload)),
            entries.AFFIRM: lambda payload: self._named(entries.decode_affirm(payload)),
            entries.SIGN: lambda payload: self._sign(entries.decode_sign(payload)),
            entries.HELP: lambda payload: self._help(entries.decode_help(payload)),
            entries.REPORT: self._report_entry,
            entries.UNDELIVERED: lambda payload: self.of_name(entries.decode_undelivered(payload).digest),
            entries.ALARM: lambda _payload: (0,),
        }

    def divide(self, new: Iterable[Entry]) -> list[tuple[int, str, bytes]]:
        """Shard, kind and payload, those of a shard in the order of the entries."""
        found: list[tuple[int, str, bytes]] = []
        for kind, payload in new:
            try:
                found += self._divided(kind, payload)
            except (ValueError, msgspec.MsgspecError, UnicodeError):  # unreadable: a judge says so
                found += [(shard, kind, payload) for shard in self._all]
        return found

    def _divided(self, kind: str, payload: bytes) -> list[tuple[int, str, bytes]]:
        if self.n_shards == 1:
            return [(0, kind, payload)]
        if kind == entries.MESSAGES:
            return [(shard, kind, part) for shard, part in self._messages(payload)]
        if kind == entries.ORDER:
            return [
                (shard, kind, entries.encode_order(order))
                for shard, order in self._orders(entries.decode_order(payload))
            ]
        route = self._of_kind.get(kind)
        return [(shard, kind, payload) for shard in (self._all if route is None else route(payload))]

    def _messages(self, payload: bytes) -> list[tuple[int, bytes]]:
        pairs = entries.decode_messages(payload)
        if self._stations.knows(topic for topic, _ in pairs) or all(
            self._stations.has(topic) for topic, _ in pairs
        ):
            return [(shard, payload) for shard in self._all]
        parts: list[list[tuple[str, bytes]]] = [[] for _ in self._all]
        for topic, content in pairs:
            for shard in self._of_message(topic, content):
                parts[shard].append((topic, content))
        return [
            (shard, payload if len(part) == len(pairs) else _encoded(part))
            for shard, part in enumerate(parts)
            if part
        ]

    def _of_message(self, topic: str, content: bytes) -> Shards:
        """Shards of one message; the first alone where it cannot be read and is refused."""
        topics = self._topics
        try:
            if (recipient := topics.recipient_of(topic)) is not None:
                said = msgspec.json.decode(content, type=AnswerMessage)
                return self.of_name(said.message, recipient)
            if (observer := topics.observer_of(topic)) is not None:
                entry = msgspec.json.decode(content, type=SignEntry)
                return self._sign(entries.sign_action(entry, observer))
            if (reporter := topics.reporter_of(topic)) is not None:
                body = msgspec.json.decode(content, type=ReportBody)
                return self._report(reporter, body.message, body.village)
        except (ValueError, msgspec.MsgspecError, UnicodeError, RecursionError):
            return (0,)
        return self._all

    def of_name(self, name: str, recipient: str = "") -> Shards:
        """Shards of a warning, message or digest by its name, else of who answers."""
        words = name.split(".")
        place = words[1] if len(words) > 2 else ""
        if place in self._of_legal:
            return (self._of_legal[place],)
        head, _, number = place.partition("-")
        if head in OF_POSTS:
            if number.isdigit() and int(number) in self._all:
                return (int(number),)
            return self._one(self._of_post.get(words[2]), self._of_post.get(recipient))
        return self._one(self._of_door.get(recipient), self._of_post.get(recipient))

    def _one(self, *candidates: int | None) -> Shards:
        return next(((shard,) for shard in candidates if shard is not None), self._all)

    def _answer_entry(self, payload: bytes) -> Shards:
        entry = msgspec.msgpack.decode(payload, type=entries.AnswerEntry)
        return self.of_name(entry.message, entry.recipient)

    def _named(self, action: OperatorCancel | OperatorAffirm) -> Shards:
        return self.of_name(action.warning)

    def _sign(self, said: SignReport | SignVerdict) -> Shards:
        """A verdict names a sign, which begins with its village's code."""
        if isinstance(said, SignReport):
            return self._one(self._of_village.get(said.village), self._of_post.get(said.reporter))
        words = said.sign.split(".")
        codes = (".".join(words[:n]) for n in range(1, len(words)))
        return self._one(*(self._of_village.get(code) for code in codes), self._of_post.get(said.validator))

    def _help(self, action: HelpAssign | HelpClose) -> Shards:
        """A call's name begins with a letter and its shard's number."""
        number = action.help[1:].partition("-")[0]
        return (int(number),) if number.isdigit() and int(number) in self._all else self._all

    def _report_entry(self, payload: bytes) -> Shards:
        report = entries.decode_report(payload)
        return self._report(report.sender, report.message, report.village)

    def _report(self, sender: str, message: str, village: str) -> Shards:
        if message:
            return self.of_name(message, sender)
        own = self._of_post.get(sender)
        return self._one(self._of_door.get(sender), own, self._of_name.get(village))

    def _orders(self, order: HandOrder) -> list[tuple[int, HandOrder]]:
        """An order on villages, in each shard on those of its own; any other one in all."""
        if not order.villages:
            return [(shard, order) for shard in self._all]
        shards = sorted({self._of_village.get(code, 0) for code in order.villages})
        if len(shards) == 1:
            return [(shards[0], order)]
        return [
            (
                shard,
                replace(
                    order,
                    villages=tuple(c for c in order.villages if self._of_village.get(c, 0) == shard),
                    zones=tuple(zone for zone in order.zones if self._of_zone.get(zone, 0) == shard),
                ),
            )
            for shard in shards
        ]


def addressing_of(configuration: Configuration, parts: Sequence[Configuration]) -> Addressing:
    """Addressing of a county and its parts."""
    posts = {post: number for number, part in enumerate(parts) for post in part.routing.part.own}
    return Addressing(configuration, posts)


def _doors(network: Network, shards: Shards) -> dict[str, int]:
    """Shard of each door and listed object."""
    found = {listed.code: shards[listed.village] for listed in network.objects} if shards else {}
    doors = network.households
    for village, shard in enumerate(shards):
        found |= dict.fromkeys((doors.code[door] for door in doors.of_village(village)), shard)
    return found


def _names(network: Network, shards: Shards) -> dict[str, int]:
    """Shard of each village by what people call it, where all that are called so are of one."""
    villages, found = network.villages, dict[str, int]()
    several = set()
    short = villages.short_name or ("",) * len(villages)
    for code, name, brief, shard in zip(villages.code, villages.name, short, shards, strict=False):
        for word in {code, name, brief} - {""}:
            for form in {word, word.removesuffix("村")}:
                if found.setdefault(form, shard) != shard:
                    several.add(form)
    return {form: shard for form, shard in found.items() if form not in several}


def _encoded(pairs: Sequence[tuple[str, bytes]]) -> bytes:
    return entries.encode_messages([RawMessage(topic, content) for topic, content in pairs])
