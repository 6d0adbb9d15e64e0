"""What happened when: messages, orders, alarms, reports, signs and events in one line of time."""

from collections.abc import Iterator, Mapping
from typing import assert_never

from warnstream.model.digests import CallFailed, FieldReport, HelpAssign, HelpClose
from warnstream.model.effects import OperatorAffirm, OperatorCancel
from warnstream.model.hands.drills import DrillOrder
from warnstream.model.hands.orders import HandOrder
from warnstream.model.observations.signs import SignReport, SignVerdict
from warnstream.model.transfers.marks import RowMark
from warnstream.model.warning import Cause, WarningMessage
from warnstream.review.events import Event
from warnstream.review.record.masking import Names
from warnstream.review.record.model import Moment
from warnstream.routing.reports import WORDS_EN, WORDS_ZH
from warnstream.runners.afterwards.scope import Scope
from warnstream.runners.afterwards.told import Act, OfMessage, Told
from warnstream.runners.explain.one_line import describe_reason

_NAMES_VILLAGES = HandOrder | OperatorCancel | OperatorAffirm | SignReport | DrillOrder
"""Acts of which the villages were compared with the scope already."""


def timeline_of(
    told: Told,
    scope: Scope,
    names: Names,
    warnings: Mapping[str, list[OfMessage]],
    events: list[Event] | None,
    concerned: frozenset[str],
) -> tuple[Moment, ...]:
    """Everything of the scope in the order of time; renewals of warnings are left out.

    `concerned` are codes of posts, doors and villages of the scope: what names no village is of the scope
    where one of them did it, or it names one of them.
    """
    found = [
        _of_message(message.village, message.message)
        for messages in warnings.values()
        for message in messages
        if scope.holds(message.message.sent_s) and message.message.cause is not Cause.RENEWED
    ]
    found += [
        Moment(
            bulletin.bulletin.issued_s,
            "bulletin",
            bulletin.village,
            level=bulletin.bulletin.worst.word,
            word=str(bulletin.bulletin.action),
            text=str(bulletin.bulletin.cause),
        )
        for bulletin in told.bulletins
        if scope.has(bulletin.village) and scope.holds(bulletin.bulletin.issued_s)
    ]
    found += [
        moment
        for at_s, act in told.acts
        if scope.holds(at_s)
        and (moment := _of_act(at_s, act, scope, names, warnings)) is not None
        and _concerns(act, scope, concerned)
    ]
    found += _alarms(told, scope, names)
    found += [
        Moment(at_s, "configuration", word=str(entry.bundle), text=entry.version)
        for at_s, entry in told.configurations
        if scope.holds(at_s)
    ]
    found += _events(events or [], scope)
    return tuple(sorted(found, key=lambda one: one.at_s))


def _of_message(village: str, message: WarningMessage) -> Moment:
    return Moment(
        message.sent_s,
        "warning",
        village,
        message.hazard,
        message.level.word,
        message.previous.word,
        str(message.cause),
        text="" if message.reason is None else describe_reason(message.reason),
    )


def _of_act(
    at_s: int, act: Act, scope: Scope, names: Names, warnings: Mapping[str, list[OfMessage]]
) -> Moment | None:
    """What a person did, if it concerns the scope; what they wrote only where names are shown."""
    found: Moment | None
    match act:
        case HandOrder():
            found = _order(at_s, act, scope, names)
        case OperatorCancel() | OperatorAffirm():
            found = _of_officer(at_s, act, names, warnings)
        case FieldReport() | SignReport():
            found = _seen(at_s, act, scope, names)
        case SignVerdict():
            word = "validated" if act.is_validated else "rejected"
            found = Moment(at_s, "sign", word=word, who=names.anybody(act.validator))
        case HelpAssign() | HelpClose():
            word = "closed" if isinstance(act, HelpClose) else "assigned"
            found = Moment(at_s, "help", word=word, who=names.anybody(act.person))
        case RowMark():
            found = _marked(at_s, act, names)
        case DrillOrder():
            found = _drill(at_s, act, scope, names)
        case CallFailed():
            found = Moment(at_s, "undelivered", who=names.post(act.post))
        case _:
            assert_never(act)
    return found


def _concerns(act: Act, scope: Scope, concerned: frozenset[str]) -> bool:
    """Whether an act that may name no village is one of the scope."""
    if scope.villages is None or isinstance(act, _NAMES_VILLAGES):
        return True
    if isinstance(act, FieldReport):
        return bool(act.village) or act.sender in concerned
    if isinstance(act, CallFailed):
        return act.post in concerned
    if isinstance(act, RowMark):
        return not concerned.isdisjoint((act.by, *act.rows))
    name = act.sign if isinstance(act, SignVerdict) else act.help
    return not concerned.isdisjoint(name.split("."))


def _of_officer(
    at_s: int,
    act: OperatorCancel | OperatorAffirm,
    names: Names,
    warnings: Mapping[str, list[OfMessage]],
) -> Moment | None:
    if act.warning not in warnings:
        return None
    word, who = ("cancel" if isinstance(act, OperatorCancel) else "affirm"), names.officer(act.operator)
    return Moment(
        at_s, "order", warnings[act.warning][0].village, word=word, who=who, text=_said(act.note, names)
    )


def _seen(at_s: int, act: FieldReport | SignReport, scope: Scope, names: Names) -> Moment | None:
    """What somebody out there reports."""
    if act.village and not scope.has(act.village):
        return None
    if isinstance(act, SignReport):
        return Moment(at_s, "sign", act.village, word=act.kind, who=names.anybody(act.reporter))
    heads, zh = (
        ", ".join(f"{words[word]} {number}" for word, number in act.heads.items())
        for words in (WORDS_EN, WORDS_ZH)
    )
    word = "heads" if heads else "duty" if act.on_duty else "patrol" if act.patrolled else "check"
    return Moment(
        at_s, "report", act.village, word=word, who=names.anybody(act.sender), text=heads, text_zh=zh
    )


def _order(at_s: int, order: HandOrder, scope: Scope, names: Names) -> Moment | None:
    villages = [code for code in order.villages if scope.has(code)]
    if order.villages and not villages:
        return None
    return Moment(
        at_s,
        "order",
        villages[0] if len(villages) == 1 else "",
        order.hazard,
        order.level.word if order.level else "",
        word=str(order.kind),
        who=names.officer(order.author),
        text=_said(order.reason, names),
    )


def _marked(at_s: int, mark: RowMark, names: Names) -> Moment:
    """Rows of a transfer list that somebody has marked, as a number."""
    n = len(mark.rows)
    text, zh = f"{n} {'row' if n == 1 else 'rows'} of a transfer list", f"转移名单 {n} 行"
    return Moment(at_s, "mark", word=mark.word, who=names.anybody(mark.by), text=text, text_zh=zh)


def _drill(at_s: int, order: DrillOrder, scope: Scope, names: Names) -> Moment | None:
    """A drill that a person has begun or stopped, in any of the villages asked about."""
    if order.villages and not any(map(scope.has, order.villages)):
        return None
    who, said = names.officer(order.author), _said(order.reason, names)
    return Moment(at_s, "drill", word=str(order.act), who=who, text=said)


def _said(words: str, names: Names) -> str:
    """Free words may name anybody: only with names."""
    return words if names.is_shown else ""


def _alarms(told: Told, scope: Scope, names: Names) -> Iterator[Moment]:
    """Alarms of the node within the scope; what only renews the text of one that stands is left out."""
    standing: set[str] = set()
    for signal in told.alarms:
        is_news = signal.is_begin != (signal.key in standing)
        (standing.add if signal.is_begin else standing.discard)(signal.key)
        if is_news and scope.holds(signal.at_s):
            kind = "alarm" if signal.is_begin else "alarm_ended"
            text, zh = names.text(signal.text), names.text(signal.text_zh)
            yield Moment(signal.at_s, kind, word=names.text(signal.key), text=text, text_zh=zh)


def _events(events: list[Event], scope: Scope) -> Iterator[Moment]:
    for event in events:
        at_s = event.at_s if event.window_s is None else event.window_s[0]
        if at_s is None or not scope.holds(at_s):
            continue
        villages = [code for code in event.villages if scope.has(code)]
        if event.villages and not villages:
            continue
        village = villages[0] if len(villages) == 1 else ""
        level = "" if event.level is None else event.level.word
        yield Moment(at_s, "event", village, level=level, word=event.kind, text=event.name)
