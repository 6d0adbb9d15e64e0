"""What the warning desk holds between two steps: how it is shown, kept in a snapshot, and taken over.

Nothing here moves a warning: that is `warnstream.desk.machine`.
"""

from collections.abc import Sequence

import msgspec

from warnstream.desk.beside_drills import BesideDrills
from warnstream.desk.cases import (
    FORMAT_BEFORE_BULLETINS,
    SNAPSHOT_FORMAT,
    Case,
    DeskSnapshot,
    VillageCase,
    WarningStatus,
    called_before,
    decode_snapshot,
    move_to_village,
    standing_told_before,
)
from warnstream.desk.hands import Hands
from warnstream.desk.transfers.transfers import Transfers
from warnstream.lifecycle.bulletins import Bulletins
from warnstream.lifecycle.identity import legal
from warnstream.lifecycle.village_warning import VillageWarning
from warnstream.lifecycle.voice import VillageVoice
from warnstream.model.bulletins import Bulletin
from warnstream.model.effects import Effects
from warnstream.model.hands.orders import HandPolicy
from warnstream.model.level import Level
from warnstream.model.network import Network
from warnstream.model.rules.hazard_names import called_now
from warnstream.model.rules.policies import MessagePolicy, RoutingPolicy
from warnstream.model.rules.rules import HazardRule
from warnstream.model.times import compact_utc
from warnstream.model.warning import MessageStatus, WarningMessage
from warnstream.routing.audience import Audience
from warnstream.routing.chains import Chains

NOTHING_EXPIRES_S = 1 << 62


class DeskState:
    """Warnings, voices of doors and chains of posts of one network; parameters as of `WarningDesk`."""

    def __init__(
        self,
        network: Network,
        rules: Sequence[HazardRule],
        message_policy: MessagePolicy,
        routing_policy: RoutingPolicy,
        bulletins: Bulletins,
        n_judged: int | None = None,
        hand_policy: HandPolicy | None = None,
    ) -> None:
        _check_policy(message_policy)
        self._network = network
        self._n_judged = len(network.villages) if n_judged is None else n_judged
        self._hazards = frozenset(rule.name for rule in rules)
        self._message_policy, self._part = message_policy, routing_policy.part
        self._audience = Audience(network)
        self.chains = Chains(network, self._audience, routing_policy, self._series)
        self.bulletins = bulletins
        self.drilled = BesideDrills(network, self._audience)
        self._called_anew: set[int] = set()
        """Villages that were known by another code: their warnings go out once more, under this one."""
        self._cases: dict[tuple[int, str], Case] = {}
        self._by_name: dict[str, Case] = {}
        self._first_expires_s = 0
        """No open warning expires before that; 0: nobody has looked yet."""
        number = network.villages.index_of_name()
        self.hands = Hands(
            hand_policy or HandPolicy(), number, lambda: [bulletin for bulletin, _ in bulletins.waiting()]
        )
        self.transfers = Transfers(
            network, message_policy.transfer, message_policy.time_zone, message_policy.status
        )
        self._now_s = -1
        self.ignored_answers = 0
        self.refused_inputs = 0
        self.last_refusal = ""

    @property
    def now_s(self) -> int:
        """Time of the last step; -1 before the first."""
        return self._now_s

    @property
    def message_status(self) -> MessageStatus:
        """Of what is issued now: real, or an exercise."""
        return self._message_policy.status

    def due_s(self) -> int:
        """When time alone may have something told if nothing comes; 0: at the next step, infinite: never.

        While a warning stands or people have anything on hand (silences, orders, transfers, drills, calls for
        help) that is the next step; else the end of an episode, a reminder, a digest that may go out then.
        """
        hands = self.hands.state
        on_hand = (hands.silences, hands.waiting, self.transfers.open, self.drilled.until)
        if any(on_hand) or any(case.warning.is_open or case.bound for case in self._cases.values()):
            return 0
        return min(self.bulletins.due_s, self.chains.due_s())

    def open_warnings(self) -> list[WarningStatus]:
        """Warnings that stand, worst first, then by village and hazard."""
        standing = [case for case in self._cases.values() if case.warning.is_open]
        standing.sort(key=lambda case: (-case.warning.level, case.warning.village, case.warning.hazard))
        return [self._status(case) for case in standing]

    def levels(self) -> dict[int, Level]:
        """The worst level in force of each village where anything stands."""
        found: dict[int, Level] = {}
        for (village, _), case in self._cases.items():
            if case.told > found.get(village, Level.NONE):
                found[village] = case.told
        return found

    def status(self, warning: str) -> WarningStatus | None:
        """The warning of that name, while it stands or is the last one of its village and hazard."""
        case = self._by_name.get(warning)
        return self._status(case) if case else None

    def of_village(self, village: int) -> list[tuple[WarningStatus, WarningMessage]]:
        """The warning of every hazard of a village, over ones too, each with its last message."""
        cases = [case for (of, _), case in self._cases.items() if of == village]
        cases.sort(key=lambda case: case.warning.hazard)
        return [(self._status(case), case.warning.latest) for case in cases if case.warning.latest]

    def latest_message(self, warning: str) -> WarningMessage | None:
        """The last message of a warning, its Cancel included; None for an unknown name."""
        case = self._by_name.get(warning)
        return case.warning.latest if case else None

    def is_kept(self, warning: VillageWarning) -> bool:
        """Whether the configuration has lost the warning's village or hazard: nobody judges it any more."""
        return warning.village >= self._n_judged or warning.hazard not in self._hazards

    def cases_of(self, effects: Effects) -> list[VillageCase]:
        """Cases that a step's effects are about or that changed without a word, as they are after it."""
        names = [*effects.settled, *(message.warning for message in effects.messages)]
        codes = self._network.villages.code
        cases = [self._by_name[name] for name in dict.fromkeys(names) if name in self._by_name]
        return [VillageCase(codes[case.warning.village], case) for case in cases]

    def voices_of(self, effects: Effects) -> list[VillageVoice]:
        """Voices of the doors' villages that a step's effects are about, as they are after it."""
        villages = [message.village for message in effects.messages]
        told = (bulletin.village for bulletin in effects.to_doors)
        return self.bulletins.voices_of([*villages, *told, *effects.waits])

    def bound_cases(self) -> list[Case]:
        """Cases whose level a person holds up or down, the earliest expiry first."""
        found = [case for case in list(self._cases.values()) if case.bound is not None]
        return sorted(
            found, key=lambda case: (case.bound.expires_s if case.bound else 0, case.warning.village)
        )

    def cases(self) -> list[VillageCase]:
        """Every village and hazard that ever had a warning."""
        codes = self._network.villages.code
        return [VillageCase(codes[case.warning.village], case) for case in self._cases.values()]

    def adopt(self, cases: Sequence[VillageCase], voices: Sequence[VillageVoice] = ()) -> None:
        """Take cases and voices as they were after a step, whatever was here.

        Closed ones of unknown villages are left out.

        Raises
        ------
        ValueError
            If a warning stands, or doors wait for an end, in an unknown village.
        """
        self.bulletins.follow(voices)
        self._first_expires_s = 0
        number = self._network.villages.index_of_name()
        for village, case in cases:
            if village not in number:
                if case.warning.is_open:
                    raise ValueError(
                        f"warning {case.warning.warning} stands for an unknown village {village}"
                    )
                continue
            move_to_village(case.warning, number[village])
            self._note_code(village, number[village])
            key = case.warning.village, case.warning.hazard
            if key in self._cases:
                self._by_name.pop(self._cases[key].warning.warning, None)
            self._cases[key] = case
            if case.warning.warning:
                self._by_name[case.warning.warning] = case

    def last_bulletins(self) -> list[Bulletin]:
        """The last bulletin of open episodes where something stands; exercises on a node in an exercise."""
        return self.bulletins.last_of(self._message_policy.status)

    def is_of_the_other_status(self, warning: VillageWarning) -> bool:
        """Whether it opened as an exercise on a node that warns for real now, or the other way round."""
        return warning.status_under(self._message_policy) is not self._message_policy.status

    def snapshot(self) -> bytes:
        """Everything between two steps; `restore` of it continues exactly."""
        cases = self.cases()
        return msgspec.msgpack.encode(
            DeskSnapshot(
                SNAPSHOT_FORMAT,
                self._now_s,
                self.ignored_answers,
                self.refused_inputs,
                self.last_refusal,
                [village for village, _ in cases],
                [case for _, case in cases],
                self.bulletins.snapshot(),
                self.chains.snapshot(),
                self.hands.snapshot(),
                self.transfers.snapshot(),
                self.drilled.snapshot(),
            )
        )

    def restore(self, state: bytes) -> None:
        """Take up a snapshot; on an error the desk stays as it was.

        Raises
        ------
        ValueError
            If the bytes are no snapshot of this format, or a warning stands for
            a village that the network does not have.
        """
        state = called_now(state, self._network.hazards_were)
        snapshot = decode_snapshot(state)
        number = self._network.villages.index_of_name()
        cases: dict[tuple[int, str], Case] = {}
        for code, case in zip(snapshot.village_codes, snapshot.cases, strict=True):
            if code not in number:
                if not case.warning.is_open:
                    continue
                raise ValueError(
                    f"warning {case.warning.warning} stands, but the configuration has no village {code!r}"
                )
            move_to_village(case.warning, number[code])
            cases[case.warning.village, case.warning.hazard] = case
            self._note_code(code, number[code])
        if snapshot.format == FORMAT_BEFORE_BULLETINS:
            self.bulletins.forget()
            self.bulletins.adopt(standing_told_before(state, snapshot), snapshot.now_s)
        else:
            self.bulletins.restore(snapshot.bulletins)
        if snapshot.format == SNAPSHOT_FORMAT:
            self.chains.restore(snapshot.chains)
        else:
            self.chains.adopt(called_before(state, snapshot), snapshot.now_s)
        if snapshot.hands:
            self.hands.restore(snapshot.hands)
        if snapshot.transfers:
            self.transfers.restore(snapshot.transfers)
        self.drilled.restore(snapshot.drilled)
        self._cases, self._first_expires_s = cases, 0
        self._by_name = {case.warning.warning: case for case in cases.values() if case.warning.warning}
        self._now_s = snapshot.now_s
        self.ignored_answers = snapshot.ignored_answers
        self.refused_inputs = snapshot.refused_inputs
        self.last_refusal = snapshot.last_refusal

    def _note_code(self, code: str, village: int) -> None:
        if code != self._network.villages.code[village]:
            self._called_anew.add(village)

    def _renew_called_anew(self) -> None:
        """What stands under another code or name goes out at the next step: topics are named by both."""
        renamed = frozenset(self._network.hazards_were.values())
        for case in self._cases.values():
            is_anew = case.warning.village in self._called_anew or case.warning.hazard in renamed
            if is_anew and case.warning.is_open:
                case.warning.expires_s = self._first_expires_s = self._now_s
        self._called_anew = set()

    def _series(self, status: MessageStatus, post: str, opened_s: int) -> str:
        """Name of a post's digests since a time; a later one of the post sorts behind."""
        place = "@post" if status is MessageStatus.ACTUAL else "@drill"
        place += self._part.mark_of(post)
        return f"{legal(self._message_policy.prefix)}.{place}.{legal(post)}.{compact_utc(opened_s)}"

    def _status(self, case: Case) -> WarningStatus:
        warning = case.warning
        chain = self.chains.of[warning.latest.status if warning.latest else self._message_policy.status]
        turn = chain.turns.get(warning.village) if warning.is_open else None
        return WarningStatus(
            warning=warning.warning,
            village=warning.village,
            hazard=warning.hazard,
            state=warning.state,
            level=warning.level,
            version=warning.version,
            crossed_at_s=warning.crossed_at_s,
            expires_s=warning.expires_s,
            households_told=self.bulletins.is_told(warning.village),
            posts_called=tuple(chain.asked(warning.village)) if turn else (),
            posts_answered=tuple(turn.answered) if turn else (),
            answer_by_s=max(chain.answer_by_s(warning.village), 0) if turn else 0,
            is_dry=turn is not None and warning.village in chain.dry_villages,
            operator=warning.operator,
            note=warning.note,
            unaffirmed_s=warning.unaffirmed_s(self._message_policy, self._now_s),
            found=case.machine_level,
            bound=case.bound,
        )


def _check_policy(policy: MessagePolicy) -> None:
    if not 0 <= policy.renew_before_s < policy.validity_s:
        raise ValueError(
            f"renew_before ({policy.renew_before_s} s) must be shorter than validity ({policy.validity_s} s)"
        )
    illegal = [c for c in policy.sender if c.isspace() or not c.isprintable() or c in ",&<"]
    if illegal or not policy.sender:
        raise ValueError(
            f"sender {policy.sender!r} must be one word without commas, & and < (CAP 1.2, section 3)"
        )
