"""What people would hear of an order, before it is given: the very desk, with copies of what stands.

Nothing of it touches the engine: cases and voices of the order's villages are copied by their own
encoding, the copy takes the order, and its bulletins are put into words as those that go out are.
"""

from collections.abc import Iterable
from dataclasses import replace

import msgspec

from warnstream.adapters.console.acts import WORDS_MAX, Words
from warnstream.config.settings import Configuration
from warnstream.delivery.render import render_bulletin
from warnstream.desk import VillageCase, WarningDesk
from warnstream.engine import Engine
from warnstream.lifecycle.voice import VillageVoice
from warnstream.model.bulletins import Bulletin, BulletinCause
from warnstream.model.hands.orders import HandOrder, OrderKind
from warnstream.runners.build import build_desk, bulletin_wording

LATER = frozenset({BulletinCause.LOWERED, BulletinCause.ENDED})
"""What doors hear of an order only after a while."""

AGREED = "-"
"""Stands for the second person who has not agreed yet."""


class Preview:
    """Words of orders on one node.

    Parameters
    ----------
    configuration : Configuration
        That judges.
    people : Configuration
        With villages of removed rows.
    """

    def __init__(self, configuration: Configuration, people: Configuration) -> None:
        self._configuration, self._people = configuration, people
        self._wording = bulletin_wording(people)

    def of(self, engine: Engine, order: HandOrder) -> tuple[list[Words], int]:
        """Words by village in the order's own order, at most `WORDS_MAX`, and how many posts are told."""
        number = self._people.network.villages.index_of_code()
        villages = [number[code] for code in order.villages]
        desk = self._copy_of(engine.desk, villages, order.kind)
        now_s, evidence = max(engine.desk.now_s, 0), engine.assessment.reason_now
        agreed = order
        if not (order.second or order.order):  # under another name: what waits for a second person is known
            agreed = replace(order, second=AGREED, identifier=f"{order.identifier}{AGREED}")
        effects = desk.step([agreed], now_s, evidence)
        found = self._words(effects.to_doors, villages, 0)
        posts = {digest.post for digest in effects.digests if digest.villages & set(villages)}
        policy = self._configuration.bulletins
        for later_s in sorted({policy.settle_s, policy.clear_after_s} - {0}):
            if len(found) < len(villages):
                told = desk.bulletins.step((), now_s + later_s, evidence=evidence)
                later = [bulletin for bulletin in told if bulletin.cause in LATER]
                found = self._words(later, villages, later_s) | found
        return [found[village] for village in villages if village in found][:WORDS_MAX], len(posts)

    def _copy_of(self, desk: WarningDesk, villages: list[int], kind: OrderKind) -> WarningDesk:
        copy = build_desk(self._configuration, self._people.network)
        wanted = {self._people.network.villages.code[village] for village in villages}
        cases = [case for case in desk.cases() if case.village in wanted]
        voices = desk.bulletins.voices_of(villages)
        copied = msgspec.msgpack.decode(msgspec.msgpack.encode(cases), type=list[VillageCase])
        copy.adopt(copied, msgspec.msgpack.decode(msgspec.msgpack.encode(voices), type=list[VillageVoice]))
        copy.chains.restore(desk.chains.snapshot())
        copy.hands.restore(desk.hands.snapshot())
        if kind.is_transfer:
            copy.transfers.restore(desk.transfers.snapshot())
        return copy

    def _words(self, bulletins: Iterable[Bulletin], villages: list[int], later_s: int) -> dict[int, Words]:
        places = self._people.network.villages
        found: dict[int, Words] = {}
        for bulletin in bulletins:
            if bulletin.village in villages and len(found) < WORDS_MAX:
                said = render_bulletin(bulletin, self._wording)
                at = bulletin.village
                found[at] = Words(places.code[at], places.name[at], said.text_zh, said.text_en, later_s)
        return found
