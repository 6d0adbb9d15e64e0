"""Kinds of journal entries, and how each is encoded."""

import itertools
from collections.abc import Callable, Iterable, Sequence

import msgspec

from warnstream.engine import Action
from warnstream.ingest.flat_json.decoder import RawMessage
from warnstream.model.alarms import AlarmSignal
from warnstream.model.alerts.alert import AlertArrived, FeedHeard
from warnstream.model.digests import CallFailed, FieldReport, HelpAssign, HelpClose
from warnstream.model.effects import (
    Answer,
    ClockAccepted,
    OperatorAffirm,
    OperatorCancel,
    RecipientAnswer,
)
from warnstream.model.hands.drills import DrillOrder
from warnstream.model.hands.duty import DutyAct
from warnstream.model.hands.orders import HandOrder
from warnstream.model.messages import is_packed, joined, pack, unpack
from warnstream.model.observations.signs import SignReport, SignVerdict
from warnstream.model.transfers.marks import RowMark

MESSAGES = "messages"
TICK = "tick"
ANSWER = "answer"
CANCEL = "cancel"
AFFIRM = "affirm"
SIGN = "sign"
GRID = "grid"
FIELD = "field"
RUN = "run"
ALARM = "alarm"
HELP = "help"
UNDELIVERED = "undelivered"
CLOCK = "clock"
ORDER = "order"
REPORT = "report"
MARK = "mark"
DRILL = "drill"
ACT = "act"

VALIDATED, REJECTED = "validated", "rejected"
"""Verdicts on a sign."""

DECODED_AT = 250
"""So many messages are decoded at once, fewer at the next step: columns cost by the batch."""


class ClockBeacon(msgspec.Struct):
    """A message that tells the time, where `node.clock` is simulated."""

    time: str


class AnswerMessage(msgspec.Struct):
    """An answer as a device publishes it; the topic names who answers."""

    message: str
    answer: Answer


class AnswerEntry(AnswerMessage, omit_defaults=True):
    """An answer with the one whose it is.

    `by` is the post that gave it for a door, `happened_s` when that was in truth (0: now); both are kept, and
    change nothing else.
    """

    recipient: str
    by: str = ""
    happened_s: int = 0


class SignEntry(msgspec.Struct):
    """A sign reported (village, kind) or judged (sign, verdict)."""

    village: str = ""
    kind: str = ""
    sign: str = ""
    verdict: str = ""
    note: str = ""
    post: str = ""


class OperatorEntry(msgspec.Struct):
    """What an operator does to a warning: end it by hand, or confirm it."""

    warning: str
    operator: str
    note: str


class HelpEntry(msgspec.Struct):
    """What a post does about a call for help: it goes to a person, or is closed by one."""

    help: str
    post: str
    person: str
    note: str = ""
    is_closed: bool = False


def encode_messages(messages: Sequence[RawMessage]) -> bytes:
    """Payload of a `MESSAGES` entry."""
    return msgspec.msgpack.encode([(message.topic, message.payload) for message in messages])


def encode_arrived(columns: Iterable[tuple[Sequence[str], Sequence[bytes]]]) -> bytes:
    """Payload of a `MESSAGES` entry, from columns of topics and payloads; of many messages as columns."""
    parts = [(topics, payloads) for topics, payloads in columns if len(topics)]
    if sum(len(topics) for topics, _ in parts) >= DECODED_AT:
        return pack(joined(parts))
    pairs = itertools.chain.from_iterable(zip(topics, payloads, strict=True) for topics, payloads in parts)
    return msgspec.msgpack.encode(list(pairs))


def decode_messages(payload: bytes) -> list[tuple[str, bytes]]:
    """Topic and content of each message of a `MESSAGES` entry."""
    if is_packed(payload):
        return unpack(payload).pairs()
    return msgspec.msgpack.decode(payload, type=list[tuple[str, bytes]])


def encode_tick(now_s: int) -> bytes:
    """Payload of a `TICK` entry."""
    return msgspec.msgpack.encode(now_s)


def decode_tick(payload: bytes) -> int:
    """Time of a `TICK` entry."""
    return msgspec.msgpack.decode(payload, type=int)


def encode_answer(
    message: str, recipient: str, answer: Answer, *, by: str = "", happened_s: int = 0
) -> bytes:
    """Payload of an `ANSWER` entry."""
    entry = AnswerEntry(message=message, answer=answer, recipient=recipient, by=by, happened_s=happened_s)
    return msgspec.msgpack.encode(entry)


def encode_cancel(cancel: OperatorCancel) -> bytes:
    """Payload of a `CANCEL` entry."""
    return msgspec.msgpack.encode(OperatorEntry(cancel.warning, cancel.operator, cancel.note))


def decode_cancel(payload: bytes) -> OperatorCancel:
    """The action of a `CANCEL` entry."""
    entry = msgspec.msgpack.decode(payload, type=OperatorEntry)
    return OperatorCancel(entry.warning, entry.operator, entry.note)


def encode_affirm(affirm: OperatorAffirm) -> bytes:
    """Payload of an `AFFIRM` entry."""
    return msgspec.msgpack.encode(OperatorEntry(affirm.warning, affirm.operator, affirm.note))


def decode_affirm(payload: bytes) -> OperatorAffirm:
    """The action of an `AFFIRM` entry."""
    entry = msgspec.msgpack.decode(payload, type=OperatorEntry)
    return OperatorAffirm(entry.warning, entry.operator, entry.note)


def encode_action(
    action: OperatorAffirm | FieldReport | SignReport | SignVerdict | HelpAssign | HelpClose | RowMark,
) -> tuple[str, bytes]:
    """Kind and payload of the entry of what a post does."""
    if isinstance(action, OperatorAffirm):
        return AFFIRM, encode_affirm(action)
    if isinstance(action, FieldReport):
        return REPORT, msgspec.msgpack.encode(action)
    if isinstance(action, HelpAssign | HelpClose):
        return HELP, encode_help(action)
    if isinstance(action, RowMark):
        return MARK, encode_mark(action)
    return SIGN, encode_sign(action)


def decode_report(payload: bytes) -> FieldReport:
    """What a `REPORT` entry says."""
    return msgspec.msgpack.decode(payload, type=FieldReport)


def encode_help(action: HelpAssign | HelpClose) -> bytes:
    """Payload of a `HELP` entry."""
    return msgspec.msgpack.encode(_help_entry(action))


def decode_help(payload: bytes) -> HelpAssign | HelpClose:
    """The action of a `HELP` entry."""
    return _help_action(msgspec.msgpack.decode(payload, type=HelpEntry))


def _help_entry(action: HelpAssign | HelpClose) -> HelpEntry:
    if isinstance(action, HelpAssign):
        return HelpEntry(action.help, action.post, action.person)
    return HelpEntry(action.help, action.post, action.person, action.note, is_closed=True)


def _help_action(entry: HelpEntry) -> HelpAssign | HelpClose:
    if entry.is_closed:
        return HelpClose(entry.help, entry.post, entry.person, entry.note)
    return HelpAssign(entry.help, entry.post, entry.person)


def encode_undelivered(failure: CallFailed) -> bytes:
    """Payload of an `UNDELIVERED` entry."""
    return msgspec.msgpack.encode(failure)


def decode_undelivered(payload: bytes) -> CallFailed:
    """The digest and post of an `UNDELIVERED` entry."""
    return msgspec.msgpack.decode(payload, type=CallFailed)


def encode_clock(accepted: ClockAccepted) -> bytes:
    """Payload of a `CLOCK` entry."""
    return msgspec.msgpack.encode(accepted)


def encode_order(order: HandOrder) -> bytes:
    """Payload of an `ORDER` entry."""
    return msgspec.msgpack.encode(order)


def decode_order(payload: bytes) -> HandOrder:
    """What an `ORDER` entry asks for."""
    return msgspec.msgpack.decode(payload, type=HandOrder)


def encode_mark(mark: RowMark) -> bytes:
    """Payload of a `MARK` entry."""
    return msgspec.msgpack.encode(mark)


def decode_mark(payload: bytes) -> RowMark:
    """What a `MARK` entry says of rows of transfer lists."""
    return msgspec.msgpack.decode(payload, type=RowMark)


def encode_drill(order: DrillOrder) -> bytes:
    """Payload of a `DRILL` entry."""
    return msgspec.msgpack.encode(order)


def decode_drill(payload: bytes) -> DrillOrder:
    """What a `DRILL` entry asks for."""
    return msgspec.msgpack.decode(payload, type=DrillOrder)


def encode_act(act: DutyAct) -> bytes:
    """Payload of an `ACT` entry."""
    return msgspec.msgpack.encode(act)


def decode_act(payload: bytes) -> DutyAct:
    """What a person on duty did."""
    return msgspec.msgpack.decode(payload, type=DutyAct)


def encode_alarm(signal: AlarmSignal) -> bytes:
    """Payload of an `ALARM` entry."""
    return msgspec.msgpack.encode(signal)


def decode_alarm(payload: bytes) -> AlarmSignal:
    """Begin or end of an `ALARM` entry."""
    return msgspec.msgpack.decode(payload, type=AlarmSignal)


def encode_sign(said: SignReport | SignVerdict) -> bytes:
    """Payload of a `SIGN` entry."""
    return msgspec.msgpack.encode(sign_entry(said))


def decode_sign(payload: bytes) -> SignReport | SignVerdict:
    """The sign or verdict of a `SIGN` entry."""
    entry = msgspec.msgpack.decode(payload, type=SignEntry)
    return sign_action(entry, entry.post)


def sign_entry(sign: SignReport | SignVerdict) -> SignEntry:
    """A sign or verdict as it is journalled."""
    if isinstance(sign, SignReport):
        return SignEntry(village=sign.village, kind=sign.kind, note=sign.note, post=sign.reporter)
    verdict = VALIDATED if sign.is_validated else REJECTED
    return SignEntry(sign=sign.sign, verdict=verdict, note=sign.note, post=sign.validator)


def sign_action(said: SignEntry, post: str) -> SignReport | SignVerdict:
    """What a post says of a sign. ValueError if it neither reports nor judges one."""
    if said.village and said.kind and not said.sign:
        return SignReport(said.village, said.kind, post, said.note)
    if said.sign and said.verdict in {VALIDATED, REJECTED} and not said.village:
        return SignVerdict(said.sign, said.verdict == VALIDATED, post, said.note)
    raise ValueError(f"expected village and kind, or sign and verdict ({VALIDATED} or {REJECTED})")


class _Actions(msgspec.Struct, array_like=True):
    """Actions that wait for the next step; older snapshots have no signs."""

    answers: list[RecipientAnswer]
    cancels: list[OperatorCancel]
    signs: list[SignEntry] = []
    affirms: list[OperatorAffirm] = []
    helps: list[HelpEntry] = []
    undelivered: list[CallFailed] = []
    orders: list[HandOrder] = []
    alerts: list[AlertArrived] = []
    reports: list[FieldReport] = []
    heard: list[FeedHeard] = []
    marks: list[RowMark] = []
    drills: list[DrillOrder] = []


ACTION_DECODERS: dict[str, Callable[[bytes], Action]] = {
    CANCEL: decode_cancel,
    AFFIRM: decode_affirm,
    SIGN: decode_sign,
    HELP: decode_help,
    REPORT: decode_report,
    ORDER: decode_order,
    DRILL: decode_drill,
    UNDELIVERED: decode_undelivered,
    MARK: decode_mark,
}
"""Kind of entry of what a person did -> what reads it."""


def encode_actions(actions: list[Action]) -> bytes:
    """Actions that wait for the next step, for a snapshot."""
    answers = [action for action in actions if isinstance(action, RecipientAnswer)]
    cancels = [action for action in actions if isinstance(action, OperatorCancel)]
    signs = [sign_entry(action) for action in actions if isinstance(action, SignReport | SignVerdict)]
    affirms = [action for action in actions if isinstance(action, OperatorAffirm)]
    helps = [_help_entry(action) for action in actions if isinstance(action, HelpAssign | HelpClose)]
    undelivered = [action for action in actions if isinstance(action, CallFailed)]
    orders = [action for action in actions if isinstance(action, HandOrder)]
    alerts = [action for action in actions if isinstance(action, AlertArrived)]
    reports = [action for action in actions if isinstance(action, FieldReport)]
    heard = [action for action in actions if isinstance(action, FeedHeard)]
    marks = [action for action in actions if isinstance(action, RowMark)]
    drills = [action for action in actions if isinstance(action, DrillOrder)]
    return msgspec.msgpack.encode(
        _Actions(
            answers,
            cancels,
            signs,
            affirms,
            helps,
            undelivered,
            orders,
            alerts,
            reports,
            heard,
            marks,
            drills,
        )
    )


def decode_actions(payload: bytes) -> list[Action]:
    """Actions of a snapshot."""
    waiting = msgspec.msgpack.decode(payload, type=_Actions)
    signs = [sign_action(said, said.post) for said in waiting.signs]
    helps = [_help_action(entry) for entry in waiting.helps]
    people: list[Action] = [*waiting.answers, *waiting.cancels, *waiting.affirms]
    return [
        *people,
        *waiting.reports,
        *signs,
        *helps,
        *waiting.undelivered,
        *waiting.orders,
        *waiting.marks,
        *waiting.drills,
        *waiting.heard,
        *waiting.alerts,
    ]
