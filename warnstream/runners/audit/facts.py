"""Which journal entries are facts of the audit, and what its lines say of them.

A pure function of the entry: a line that a crash prevented is written at the next start, byte for byte the
same. Officers, posts and doors stand there by their codes. What somebody wrote about a call for help stays in
the journal; it may name who lives there.
"""

import hashlib
import zlib
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import partial

import msgspec

from warnstream.adapters.audit.lines import LEADS, AuditFact
from warnstream.model.bulletins import Bulletin
from warnstream.model.changes import Reason, Relayed
from warnstream.model.digests import Digest, HelpClose
from warnstream.model.effects import Answer, ClockAccepted
from warnstream.model.errors import describe
from warnstream.model.hands.orders import HandOrder, OrderKind
from warnstream.model.level import Level
from warnstream.model.times import iso_utc
from warnstream.model.warning import WarningMessage
from warnstream.runners.intake import entries
from warnstream.runners.intake.entries import AnswerEntry
from warnstream.runners.intake.history_entries import (
    CONFIGURATION,
    ISSUED,
    SET_ASIDE,
    decode_configuration,
    decode_set_aside,
)
from warnstream.runners.intake.standby_entries import LEADER, decode_leader

WARNING, BULLETIN, DIGEST = "warning", "bulletin", "digest"
ALARM, CONFIGURED, UNJUDGED, UNREADABLE = "alarm", "configuration", "entry_set_aside", "entry_unreadable"
ORDER, RELEASE, DRILL = "order", "release", "drill"
DUTY = "duty"
HELP_CALLED, HELP_ASSIGNED, HELP_CLOSED = "help_called", "help_assigned", "help_closed"


def facts_of(kind: str, payload: bytes) -> Collection[AuditFact]:
    """What an entry of one of the `AUDITED` kinds says, in order; of most answers nothing.

    An entry that cannot be read is a fact, too: no fault of one keeps the others out.
    """
    try:
        if kind == ISSUED:
            return IssuedFacts(payload)
        return list(_FACTS[kind](payload))
    except Exception as error:  # noqa: BLE001  # whatever it is, the record of the others goes on
        return [_unreadable(kind, payload, error)]


def _unreadable(kind: str, payload: bytes, error: Exception) -> AuditFact:
    content: dict[str, object] = {
        "kind": kind,
        "error": describe(error),
        "sha256": hashlib.sha256(payload).hexdigest(),
    }
    return AuditFact(UNREADABLE, content)


class _IssuedParts(msgspec.Struct):
    """Of an `Issued` what the audit says, each thing still packed."""

    messages: list[tuple[str, msgspec.Raw]]
    bulletins: list[tuple[str, msgspec.Raw]] = []
    digests: list[msgspec.Raw] = []
    digest_villages: dict[int, str] = {}


class IssuedFacts(Collection[AuditFact]):
    """What one step issued, unpacked one by one while it is written.

    A front over a county is thousands of things; unpacked in one piece they would hold the node's other
    threads for a tenth of a second.

    Raises
    ------
    ValueError
        If the payload is no entry of that kind.
    """

    def __init__(self, payload: bytes) -> None:
        try:
            self._parts = msgspec.msgpack.decode(zlib.decompress(payload), type=_IssuedParts)
        except (msgspec.MsgspecError, zlib.error) as error:
            raise ValueError(f"not an entry of what was issued: {error}") from None

    def __len__(self) -> int:
        parts = self._parts
        return len(parts.messages) + len(parts.bulletins) + len(parts.digests)

    def __contains__(self, fact: object) -> bool:
        return any(fact == own for own in self)

    def __iter__(self) -> Iterator[AuditFact]:
        parts = self._parts
        for village, raw in parts.messages:
            yield _unpacked(WARNING, raw, partial(_message, village))
        for village, raw in parts.bulletins:
            yield _unpacked(BULLETIN, raw, partial(_bulletin, village))
        for raw in parts.digests:
            yield _unpacked(DIGEST, raw, partial(_digest, parts.digest_villages))


_MESSAGE = msgspec.msgpack.Decoder(WarningMessage)
_BULLETIN = msgspec.msgpack.Decoder(Bulletin)
_DIGEST = msgspec.msgpack.Decoder(Digest)


def _unpacked(kind: str, raw: msgspec.Raw, say: Callable[[msgspec.Raw], dict[str, object]]) -> AuditFact:
    try:
        return AuditFact(kind, say(raw))
    except Exception as error:  # noqa: BLE001  # as of a whole entry
        return _unreadable(kind, bytes(raw), error)


def _message(village: str, raw: msgspec.Raw) -> dict[str, object]:
    message = _MESSAGE.decode(raw)
    return {
        "identifier": message.identifier,
        "village": village,
        "hazard": message.hazard,
        "level": message.level.word,
        "previous": message.previous.word,
        "type": str(message.msg_type),
        "status": str(message.status),
        "cause": str(message.cause),
        "sent": iso_utc(message.sent_s),
        "crossed": iso_utc(message.crossed_at_s),
        "expires": iso_utc(message.expires_s),
        "confirmed": message.confirmed,
        "blind": message.blind,
        "by_hand": message.by_hand,
        "evidence": _evidence(message.reason),
    }


def _bulletin(village: str, raw: msgspec.Raw) -> dict[str, object]:
    bulletin = _BULLETIN.decode(raw)
    return {
        "identifier": bulletin.identifier,
        "village": village,
        "issued": iso_utc(bulletin.issued_s),
        "action": str(bulletin.action),
        "worst": bulletin.worst.word,
        "standing": {warning.hazard: warning.level.word for warning in bulletin.standing},
        "ended": bulletin.ended,
        "cause": str(bulletin.cause),
        "status": str(bulletin.status),
        "evidence": _evidence(bulletin.evidence),
    }


def _digest(code_of: Mapping[int, str], raw: msgspec.Raw) -> dict[str, object]:
    digest = _DIGEST.decode(raw)
    return {
        "identifier": digest.identifier,
        "post": digest.post,
        "issued": iso_utc(digest.issued_s),
        "answer_by": iso_utc(digest.answer_by_s) if digest.needs_answer else None,
        "level": digest.level.word,
        "status": str(digest.status),
        "owed": {level.word: count for level, count in zip(Level, digest.owed, strict=True) if count},
        "tries": digest.tries,
        "villages": {code_of[line.village]: line.level.word for line in digest.lines},
        "helps": {call.help: code_of[call.village] for call in digest.helps},
        "more": digest.more,
    }


def _evidence(reason: Reason | None) -> dict[str, object] | None:
    """What was measured against what; the journal has the whole reason as long as it is kept."""
    if reason is None:
        return None
    return {
        "indicator": reason.indicator,
        "station": reason.station or reason.grid,
        "value": reason.value,
        "forecast": reason.forecast_value,
        "threshold": reason.threshold,
        "unit": reason.unit,
        "duration_s": reason.duration_s,
        "observed_until": iso_utc(reason.observed_until_s),
        "coverage": reason.coverage,
        "confirmed": reason.confirmed,
        "source": reason.source,
        **_issuer(reason.relayed),
    }


def _issuer(said: Relayed | None) -> dict[str, object]:
    """Whose signal it is and which of theirs; nothing of what is measured here."""
    if said is None:
        return {}
    return {"issuer": said.sender, "alert": said.identifier, "signal": said.signal_en}


def _alarm(payload: bytes) -> Iterator[AuditFact]:
    signal = entries.decode_alarm(payload)
    yield AuditFact(
        ALARM,
        {
            "alarm": signal.key,
            "begins": signal.is_begin,
            "at": iso_utc(signal.at_s),
            "blocking": signal.is_blocking,
            "text": signal.text,
        },
    )


def _order(payload: bytes) -> Iterator[AuditFact]:
    order = entries.decode_order(payload)
    yield AuditFact(RELEASE if order.kind is OrderKind.RELEASE else ORDER, _hand_order(order))


def _hand_order(order: HandOrder) -> dict[str, object]:
    """Every field that says something."""
    said: dict[str, object] = {**msgspec.to_builtins(order), "level": order.level.word if order.level else ""}
    if happened_s := said.pop("happened_s"):
        said["happened"] = iso_utc(int(str(happened_s)))
    return {name: value for name, value in said.items() if value}


def _drill(payload: bytes) -> Iterator[AuditFact]:
    order = entries.decode_drill(payload)
    said: dict[str, object] = {name: value for name, value in msgspec.to_builtins(order).items() if value}
    yield AuditFact(DRILL, said)


def _mark(payload: bytes) -> Iterator[AuditFact]:
    mark = entries.decode_mark(payload)
    yield _of_officer("mark", mark.by, mark.note, word=mark.word, rows=" ".join(mark.rows))


def _cancel(payload: bytes) -> Iterator[AuditFact]:
    cancel = entries.decode_cancel(payload)
    yield _of_officer("cancel", cancel.operator, cancel.note, warning=cancel.warning)


def _affirm(payload: bytes) -> Iterator[AuditFact]:
    affirm = entries.decode_affirm(payload)
    yield _of_officer("affirm", affirm.operator, affirm.note, warning=affirm.warning)


def _clock(payload: bytes) -> Iterator[AuditFact]:
    accepted = msgspec.msgpack.decode(payload, type=ClockAccepted)
    yield _of_officer("accept_clock", accepted.operator, accepted.note)


def _of_officer(kind: str, author: str, reason: str, **more: str) -> AuditFact:
    return AuditFact(ORDER, {"kind": kind, **more, "author": author, "reason": reason})


def _answer(payload: bytes) -> Iterator[AuditFact]:
    answer = msgspec.msgpack.decode(payload, type=AnswerEntry)
    if answer.answer is Answer.NEED_HELP:
        by = {"by": answer.by} if answer.by else {}
        yield AuditFact(HELP_CALLED, {"message": answer.message, "caller": answer.recipient, **by})


def _help(payload: bytes) -> Iterator[AuditFact]:
    action = entries.decode_help(payload)
    kind = HELP_CLOSED if isinstance(action, HelpClose) else HELP_ASSIGNED
    yield AuditFact(kind, {"help": action.help, "post": action.post, "person": action.person})


def _duty(payload: bytes) -> Iterator[AuditFact]:
    act = entries.decode_act(payload)
    said: dict[str, object] = msgspec.to_builtins(act)
    yield AuditFact(DUTY, {name: value for name, value in said.items() if value and name != "post"})


def _configuration(payload: bytes) -> Iterator[AuditFact]:
    configuration = decode_configuration(payload)
    yield AuditFact(
        CONFIGURED,
        {
            "fingerprint": configuration.fingerprint,
            "version": configuration.version,
            "status": str(configuration.status),
            "villages": len(configuration.villages),
            "hazards": [hazard.name for hazard in configuration.hazards],
            "bundle": configuration.bundle,
        },
    )


def _leader(payload: bytes) -> Iterator[AuditFact]:
    leader = decode_leader(payload)
    yield AuditFact(LEADS, {"term": leader.term, "box": leader.box, "how": leader.how})


def _set_aside(payload: bytes) -> Iterator[AuditFact]:
    aside = decode_set_aside(payload)
    yield AuditFact(UNJUDGED, {"entry": aside.entry, "error": aside.error})


_FACTS: Mapping[str, Callable[[bytes], Iterator[AuditFact]]] = {
    CONFIGURATION: _configuration,
    SET_ASIDE: _set_aside,
    LEADER: _leader,
    entries.ALARM: _alarm,
    entries.ORDER: _order,
    entries.DRILL: _drill,
    entries.CANCEL: _cancel,
    entries.MARK: _mark,
    entries.AFFIRM: _affirm,
    entries.CLOCK: _clock,
    entries.ANSWER: _answer,
    entries.HELP: _help,
    entries.ACT: _duty,
}

AUDITED = frozenset([ISSUED, *_FACTS])
"""Kinds of entries that can hold a fact."""
