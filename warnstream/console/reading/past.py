"""A village's warnings over time: versions, what doors and posts were told, acts, and why not higher."""

from collections.abc import Iterable

from warnstream.adapters.console.past import (
    BulletinFacts,
    DigestFacts,
    LineFacts,
    PastFacts,
    VersionFacts,
)
from warnstream.adapters.http.models.explanation import ComparisonRecord, ExplanationRecord, HazardRecord
from warnstream.console import models
from warnstream.console.county import Area, County
from warnstream.console.reading.models import Act, Called, Higher, Judged, Past, Told, Version
from warnstream.console.situation import Situation
from warnstream.console.words import why_of
from warnstream.delivery.texts import clean, indicator_info, number, title_of
from warnstream.delivery.texts_zh import UNIT
from warnstream.model.hands.duty import DutyKind
from warnstream.model.hands.orders import Role
from warnstream.model.level import parse_level
from warnstream.model.times import DAY_S, HOUR_S, MINUTE_S, parse_iso
from warnstream.model.warning import MessageStatus

HIGHER_SHOWN = 3


def past_of(
    facts: PastFacts,
    explained: ExplanationRecord | None,
    village: int,
    situation: Situation,
    role: Role,
) -> Past:
    """What the console shows; readers are not told what people wrote."""
    county = situation.county
    head = situation.head
    area = county.area("*")
    return Past(
        code=county.code[village],
        name=county.name[village],
        township=county.township[village],
        county=county.county[village],
        level=int(situation.levels()[village]),
        now_s=max(head.now_s, 0) if head is not None else 0,
        versions=[_version(version, county) for version in facts.versions],
        bulletins=[_told(bulletin) for bulletin in facts.bulletins],
        called=[_called(digest) for digest in facts.digests],
        acts=acts_of(facts.acts, area, county, role),
        judged=[] if explained is None else [_judged(hazard, county) for hazard in explained.hazards],
        is_whole=facts.is_whole,
    )


def _version(one: VersionFacts, county: County) -> Version:
    title = title_of(one.hazard, county.configuration.rules)
    return Version(
        id=one.identifier,
        version=one.version,
        hazard=one.hazard,
        hazard_zh=title.zh,
        hazard_en=title.en,
        level=one.level,
        previous=one.previous,
        type=one.msg_type,
        cause=one.cause,
        issued_s=one.sent_s,
        crossed_s=one.crossed_s,
        expires_s=one.expires_s,
        zh=clean(one.text_zh),
        en=clean(one.text_en),
        cap=one.cap,
        is_by_hand=one.by_hand,
        is_exercise=one.status == str(MessageStatus.EXERCISE),
        why=None if one.reason is None else why_of(one.reason, county, is_now=True),
    )


def _told(one: BulletinFacts) -> Told:
    doors = models.Doors(
        addressed=one.addressed,
        reached=max(one.sent, one.delivered),
        answered=one.answered,
        failed=one.unreachable,
    )
    return Told(
        one.identifier, one.issued_s, one.action, one.level, clean(one.text_zh), clean(one.text_en), doors
    )


def _called(one: DigestFacts) -> Called:
    times = (max(round(at), 0) for at in (one.sent_at, one.delivered_at, one.answered_at))
    post, channel = clean(one.post), clean(one.channel)
    return Called(post, channel, one.issued_s, one.level, clean(one.text_zh), clean(one.text_en), *times)


def acts_of(lines: Iterable[LineFacts], area: Area, county: County, role: Role) -> list[Act]:
    """What people have done that concerns an area; what they wrote is for officers and seconds."""
    inside = {county.code[at] for at in area.villages.tolist()}
    places = {(county.county[at], county.township[at] or county.code[at]) for at in area.villages.tolist()}
    found = []
    for line in lines:
        concerned = _concerned(line, inside, places)
        if area.is_everything or concerned:
            found.append(_act(line, county, role, concerned))
    return found


def _concerned(line: LineFacts, inside: set[str], places: set[tuple[str, str]]) -> list[str]:
    """Villages of an area that a line names, or the place of an alarm that lies there."""
    content = line.content
    named = content.get("villages")
    villages = [str(code) for code in named if code in inside] if isinstance(named, list) else []
    villages += [part for part in str(content.get("help", "")).split(".") if part in inside]
    if content.get("kind") == str(DutyKind.READ):
        villages += [word for word in str(content.get("note", "")).split(" ") if word in inside]
    place = content.get("place")
    if isinstance(place, list) and len(place) == 2 and tuple(map(str, place)) in places:
        villages.append(str(place[1]))
    return villages


def _act(line: LineFacts, county: County, role: Role, concerned: list[str]) -> Act:
    content = line.content

    def said(*names: str) -> str:
        return clean(next((str(content[name]) for name in names if content.get(name)), ""))

    kind = said("kind", "act") or line.kind
    names = [_name(county, code) for code in concerned[:5]]
    more = f" +{len(concerned) - 5}" if len(concerned) > 5 else ""
    is_told = role is not Role.READER
    return Act(
        seq=line.entry,
        at_s=parse_iso(line.time),
        who=said("author", "person", "operator"),
        kind=kind.removeprefix("help_") if line.kind.startswith("help_") else kind,
        second=said("second", "other"),
        subject="、".join(names) + more,
        villages=len(concerned),
        hazard=said("hazard"),
        reason=said("reason", "note", "response") if is_told else "",
        result=said("level", "order"),
        is_alone=bool(content.get("is_alone")),
    )


def _name(county: County, code: str) -> str:
    number = county.number_of(code)
    return code if number is None else county.name[number]


def _judged(one: HazardRecord, county: County) -> Judged:
    title = title_of(one.hazard, county.configuration.rules)
    level, most_ahead = int(parse_level(one.level)), int(parse_level(one.forecast_level_max))
    nearest = [
        found
        for place in one.places
        for compared in place.comparisons
        if (found := _higher(compared, level, most_ahead)) is not None
    ]
    nearest.sort(key=lambda higher: -higher.percent)
    return Judged(
        hazard=one.hazard,
        zh=title.zh,
        en=title.en,
        level=level,
        higher=list({higher.en: higher for higher in reversed(nearest)}.values())[::-1][:HIGHER_SHOWN],
        falls_s=parse_iso(one.falls_at) if one.falls_at else 0,
        notes=one.why_not_lower + one.why_not_higher,
    )


def _over(duration_s: int) -> tuple[str, str]:
    """A duration in Chinese and English."""
    for length_s, zh, en in ((DAY_S, "天", "d"), (HOUR_S, "小时", "h"), (MINUTE_S, "分钟", "min")):
        if duration_s % length_s == 0 and duration_s >= length_s:
            return f"{duration_s // length_s}{zh}", f"{duration_s // length_s} {en}"
    return f"{duration_s}秒", f"{duration_s} s"


def _higher(compared: ComparisonRecord, level: int, most_ahead: int) -> Higher | None:
    """The first level above the one that stands that this could raise, and how near it is."""
    value, info = compared.value, indicator_info(compared.indicator)
    ahead = sorted(
        (int(parse_level(word)), threshold)
        for word, threshold in compared.thresholds.items()
        if threshold is not None and int(parse_level(word)) > level
    )
    if info is None or not ahead or not value or not ahead[0][1]:
        return None
    nearest, threshold = ahead[0]
    if compared.lead_s and nearest > most_ahead:
        return None
    ratio = threshold / value if info.fewer_is_worse else value / threshold
    if not 0 < ratio < 1:
        return None
    said, unit = number(value, "?"), clean(compared.unit)
    over = _over(compared.duration_s)
    days = compared.duration_s // DAY_S
    return Higher(
        level=nearest,
        zh=f"{info.words_zh.format(over=over[0], days=days)} {said} {UNIT.get(unit, unit)}",
        en=info.words_en.format(value=f"{said} {unit}", over=over[1], days=days),
        unit=unit,
        threshold=threshold,
        percent=min(round(100 * ratio), 99),
        lead_s=compared.lead_s,
        station=compared.station,
    )
