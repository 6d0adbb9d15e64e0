"""One village in words: why a hazard stands, as its message says it, and where that is by the threshold."""

from warnstream.adapters.console.facts import HazardFacts, HelpFacts, VillageFacts
from warnstream.adapters.console.frame import NEVER
from warnstream.console import models
from warnstream.console.county import County
from warnstream.console.situation import Situation
from warnstream.delivery import texts_en, texts_zh
from warnstream.delivery.texts import ReasonParts, clean, number, reason_parts, title_of
from warnstream.model.changes import Reason
from warnstream.model.hands.orders import Role


def village_of(facts: VillageFacts, village: int, situation: Situation, role: Role) -> models.Village:
    """What the console shows of a village; readers are told how many call for help, not which doors."""
    county = situation.county
    return models.Village(
        code=county.code[village],
        name=county.name[village],
        township=county.township[village],
        county=county.county[village],
        level=int(situation.levels()[village]),
        sight=situation.sight_of(village),
        doors=situation.doors_of(village),
        now_s=facts.now_s,
        hazards=[_hazard(hazard, county) for hazard in facts.hazards],
        posts=[_post(post.post, post.role, post.rank, post.state, post.due_s) for post in facts.posts],
        words=_words(facts),
        waits=_waits(facts, county),
        is_dry=facts.is_dry,
        seen=facts.seen,
        helps=[] if role is Role.READER else [_help(call) for call in facts.helps],
    )


def _help(call: HelpFacts) -> models.HelpRow:
    return models.HelpRow(
        call.help, _time(call.opened_s), clean(call.assigned), clean(call.caller), call.heads
    )


def _post(post: str, role: str, rank: int, state: str, due_s: int) -> models.PostRow:
    known = state if state in ("asked", "overdue", "answered") else "waiting"
    return models.PostRow(clean(post), clean(role), rank, known, _time(due_s))  # type: ignore[arg-type]


def _words(facts: VillageFacts) -> models.Words | None:
    words = facts.words
    if words is None:
        return None
    return models.Words(words.identifier, words.issued_s, clean(words.text_zh), clean(words.text_en))


def _waits(facts: VillageFacts, county: County) -> models.Waits | None:
    waits = facts.waits
    if waits is None:
        return None
    title = title_of(waits.hazard, county.configuration.rules)
    return models.Waits(waits.action, title.zh, title.en, waits.level, waits.since_s, _time(waits.due_s))


def _hazard(facts: HazardFacts, county: County) -> models.HazardRow:
    title = title_of(facts.hazard, county.configuration.rules)
    return models.HazardRow(
        hazard=facts.hazard,
        zh=title.zh,
        en=title.en,
        level=facts.level,
        since_s=_time(facts.since_s),
        expires_s=_time(facts.expires_s),
        found=facts.found,
        bound=facts.bound,
        bound_until_s=_time(facts.bound_until_s),
        why=None if facts.reason is None else why_of(facts.reason, county, is_now=facts.is_now),
    )


def why_of(reason: Reason, county: County, *, is_now: bool) -> models.Why:
    """Why a hazard stands; the second line compares one indicator with one threshold."""
    parts = reason_parts(reason, county.configuration.message)
    over_zh, over_en = _over(parts)
    has_value = bool(over_zh)
    return models.Why(
        zh=texts_zh.reason_text(parts),
        en=texts_en.reason_text(parts),
        over_zh=over_zh,
        over_en=over_en,
        value=reason.value if has_value else None,
        threshold=reason.threshold if has_value else None,
        unit=clean(reason.unit),
        is_now=is_now,
        is_expected=not reason.is_observed,
        is_confirmed=reason.confirmed,
    )


def _over(parts: ReasonParts) -> tuple[str, str]:
    """By how much the value is beyond its threshold, or short of it; empty where nothing was measured."""
    reason = parts.reason
    if not reason.unit or reason.relayed is not None:
        return "", ""
    by = abs(reason.value - reason.threshold)
    unit_zh, unit_en = texts_zh.UNIT.get(reason.unit, clean(reason.unit)), clean(reason.unit)
    threshold, much = number(reason.threshold, "?"), number(by, "?")
    zh, en = f"阈值 {threshold} {unit_zh}", f"Threshold {threshold} {unit_en}"
    if not by:
        return f"{zh} · 正好达到", f"{en} · just reached"
    if parts.reaches:
        return f"{zh} · 超出 {much} {unit_zh}", f"{en} · beyond by {much} {unit_en}"
    return f"{zh} · 还差 {much} {unit_zh}", f"{en} · short by {much} {unit_en}"


def _time(at_s: int) -> int:
    return 0 if at_s == NEVER else at_s
