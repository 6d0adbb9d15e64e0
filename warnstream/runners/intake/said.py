"""What people and other services say in messages of their own topics: signs, reports, and alerts."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType

import msgspec

from warnstream.assessment import Assessment
from warnstream.engine import Action
from warnstream.ingest.cap.reader import read_alerts
from warnstream.ingest.flat_json.decoder import RawMessage
from warnstream.lifecycle.alerts import RefusedAlert
from warnstream.model.alerts.alert import AlertArrived, FeedHeard
from warnstream.model.digests import CallFailed, FieldReport, ReportBody
from warnstream.model.effects import Answer, RecipientAnswer
from warnstream.model.hands.drills import DrillOrder, is_of_drill
from warnstream.model.hands.orders import HandOrder
from warnstream.model.observations.refusals import Refusal, RefusalReason
from warnstream.model.observations.signs import SignReport, SignVerdict
from warnstream.model.times import parse_iso
from warnstream.runners.intake.entries import AnswerMessage, ClockBeacon, SignEntry, sign_action
from warnstream.runners.intake.outcome import Outcome
from warnstream.runners.intake.refusals import refuse, refuse_sign
from warnstream.runners.intake.topics import Topics

NO_NAMES: Mapping[str, str] = MappingProxyType({})


def signs_in(message: RawMessage, observer: str, outcome: Outcome) -> list[SignReport | SignVerdict]:
    """The sign or verdict of a post; refused where it is none."""
    try:
        said = msgspec.json.decode(message.payload, type=SignEntry)
        return [sign_action(said, observer)]
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        outcome.refusals.append(refuse(RefusalReason.BAD_SIGN, str(error), message))
        return []


def reports_in(message: RawMessage, sender: str, outcome: Outcome) -> list[FieldReport]:
    """The report of a post or door; refused where it is none."""
    try:
        return [msgspec.json.decode(message.payload, type=ReportBody).by(sender)]
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        outcome.refusals.append(refuse(RefusalReason.BAD_REPORT, str(error), message))
        return []


def alerts_in(message: RawMessage, source: str, outcome: Outcome) -> list[AlertArrived | FeedHeard]:
    """Alerts of a document, each by itself; those that cannot be read are refused.

    Who brings it was heard, unless nothing of it can be read; a service's keep-alive is read and not taken.
    """
    read = read_alerts(bytes(message.payload))
    outcome.refusals += [
        Refusal(fault.reason, fault.detail, message.topic, fault.content) for fault in read.faults
    ]
    is_alive = read.alerts or all(fault.reason is RefusalReason.NOT_ACTUAL for fault in read.faults)
    heard = [FeedHeard(source)] if is_alive else []
    return [*heard, *(AlertArrived(alert, source, content) for alert, content in read.alerts)]


def refused_said(assessment: Assessment, topics: Topics) -> list[Refusal]:
    """Signs and alerts that the last step did not take."""
    signs = [refuse_sign(said, fault, topics) for said, fault in assessment.signs.refused]
    return [*signs, *(_refused_alert(alert, topics) for alert in assessment.alerts.refused)]


def _refused_alert(refused: RefusedAlert, topics: Topics) -> Refusal:
    """An alert as the message by which it can be sent again, whatever way it came."""
    arrived = refused.arrived
    detail = f"{arrived.alert.identifier} of {arrived.alert.sender}: {refused.detail}"
    return Refusal(refused.reason, detail, topics.alerts_of(arrived.source), arrived.content)


def _called_now(action: Action, hazards_now: Mapping[str, str]) -> Action:
    """An order on a hazard by its name now: a screen, a script or the log may have the earlier one."""
    if isinstance(action, HandOrder) and action.hazard in hazards_now:
        return replace(action, hazard=hazards_now[action.hazard])
    return action


def real_actions(
    actions: Iterable[Action], now_s: int, outcome: Outcome, hazards_now: Mapping[str, str] = NO_NAMES
) -> list[Action]:
    """What of actions is for the real engine; what is of a drill goes there (`Outcome.of_drill`) alone.

    Orders are by the names of hazards that `hazards_now` has by earlier ones.
    But for two: the real desk knows where a drill is on, and a call for help in a drill may be meant.
    """
    real: list[Action] = []
    for action in actions:
        if isinstance(action, DrillOrder):
            outcome.of_drill.append(action)
            real.append(action)
        elif isinstance(action, RecipientAnswer) and is_of_drill(action.message):
            outcome.of_drill.append(action)
            real += [action] if action.answer is Answer.NEED_HELP else []
        elif isinstance(action, FieldReport) and is_of_drill(action.message):
            outcome.of_drill.append(action)
            if action.in_need:
                real.append(RecipientAnswer(action.message, action.sender, Answer.NEED_HELP, now_s))
        elif isinstance(action, CallFailed) and is_of_drill(action.digest):
            outcome.of_drill.append(action)
        else:
            real.append(_called_now(action, hazards_now))
    return real


def time_in(message: RawMessage, outcome: Outcome) -> int | None:
    """The time that a message tells; None, and a refusal, where it tells none."""
    try:
        return parse_iso(msgspec.json.decode(message.payload, type=ClockBeacon).time)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        outcome.refusals.append(refuse(RefusalReason.BAD_TIME, str(error), message))
        return None


def answer_in(message: RawMessage, outcome: Outcome) -> AnswerMessage | None:
    """The answer that a device publishes; None, and a refusal, where it is none."""
    try:
        return msgspec.json.decode(message.payload, type=AnswerMessage)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        outcome.refusals.append(refuse(RefusalReason.BAD_ANSWER, str(error), message))
        return None
