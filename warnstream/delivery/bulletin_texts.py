"""What doors read of a bulletin: mark, issuer, place and order, in one short message if names allow.

The words are those of the order table. Sentences that name something unknown (a village without a
phone) are left out; where names are longer than the table's limits a text takes two short messages,
and beyond that it loses sentences from its end, never the first one: place and action survive any cut.
No name is shortened with an ellipsis. A text that cannot be written is replaced by a plain one.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from string import Formatter

from warnstream.delivery.plain import plain_bulletin, village_name
from warnstream.delivery.texts import Title, clean, title_of
from warnstream.delivery.texts_en import MARK as MARK_EN
from warnstream.delivery.texts_en import relayed_text as relayed_en
from warnstream.delivery.texts_zh import MARK as MARK_ZH
from warnstream.delivery.texts_zh import relayed_text as relayed_zh
from warnstream.model.bulletins import (
    TRANSFER,
    Action,
    Bulletin,
    BulletinCause,
    BulletinPolicy,
    HazardOrders,
    OrderTable,
    Refuge,
    Wording,
)
from warnstream.model.changes import Relayed
from warnstream.model.level import Level
from warnstream.model.network import Network
from warnstream.model.rules.rules import HazardRule
from warnstream.model.times import TimeZone, clock_local
from warnstream.model.warning import MessageStatus

NAME_MAX = 24
"""Longest name of an issuer, village or shelter in a text; what is beyond is left out."""

RISES = frozenset({BulletinCause.FIRST, BulletinCause.RAISED, BulletinCause.REFUGE})

TITLES_MAX = 2
"""So many hazards are named when several have ended."""


@dataclass(frozen=True, slots=True)
class ShortMessage:
    """Room of one language: in one short message, in two."""

    one: int
    two: int


UCS2 = ShortMessage(70, 134)
GSM7 = ShortMessage(160, 306)


@dataclass(frozen=True, slots=True)
class BulletinWording:
    """What the texts of bulletins are made of besides the bulletin."""

    network: Network
    rules: Sequence[HazardRule]
    orders: OrderTable
    policy: BulletinPolicy
    time_zone: TimeZone


@dataclass(frozen=True, slots=True)
class BulletinTexts:
    """A bulletin in Chinese and English; `faults` says which are plain ones, and why."""

    zh: str
    en: str
    faults: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Language:
    """How one language writes a bulletin."""

    tag: str
    mark: str
    room: ShortMessage
    between: str
    splits: re.Pattern[str]
    and_: str
    of: Callable[[Wording], str]
    title: Callable[[Title], str]
    relayed: Callable[[Relayed, str], str]
    by: str
    now: str


_ZH = _Language(
    "zh-CN",
    MARK_ZH,
    UCS2,
    "",
    re.compile("(?<=[。！])"),
    "、",
    lambda w: w.zh,
    lambda t: t.zh,
    relayed_zh,
    "{}前",
    "现在走还来得及，",
)
_EN = _Language(
    "en",
    MARK_EN,
    GSM7,
    " ",
    re.compile(r"(?<=[.!?])\s+"),
    ", ",
    lambda w: w.en,
    lambda t: t.en,
    relayed_en,
    "by {}",
    "now",
)


def bulletin_texts(bulletin: Bulletin, wording: BulletinWording) -> BulletinTexts:
    """Chinese and English text of a bulletin; neither can fail."""
    texts: list[str] = []
    faults: list[str] = []
    for language in (_ZH, _EN):
        try:
            texts.append(_text(bulletin, wording, language))
        except Exception as error:  # noqa: BLE001  # whatever is wrong with it, people are told
            texts.append(plain_bulletin(bulletin, wording.network, language.tag))
            faults.append(f"{language.tag}: {type(error).__name__}: {error}"[:200])
    return BulletinTexts(texts[0], texts[1], tuple(faults))


def _text(bulletin: Bulletin, wording: BulletinWording, language: _Language) -> str:
    names = _names(bulletin, wording, language)
    first, *rest = _sentences(language.of(_template(bulletin, wording.orders)), names, language)
    head = f"{_head(bulletin, wording, language)}{first}"
    text = language.between.join([head, *rest])
    also = _also(bulletin, wording.orders, names, language)
    if also and len(text) + len(language.between) + len(also) <= language.room.one:
        return f"{text}{language.between}{also}"
    while rest and len(text) > language.room.two:
        rest.pop()
        text = language.between.join([head, *rest])
    return text


def _head(bulletin: Bulletin, wording: BulletinWording, language: _Language) -> str:
    """Mark of an exercise, issuer (Chinese only), why an order comes again, whose signal it is."""
    mark = language.mark if bulletin.status is MessageStatus.EXERCISE else ""
    signature = clean(wording.policy.signature)[:NAME_MAX]
    issuer = f"【{signature}】" if signature and language is _ZH else ""
    before = {
        BulletinCause.REMINDER: wording.orders.remind,
        BulletinCause.STATUS: wording.orders.not_a_drill,
    }.get(bulletin.cause)
    before = wording.orders.not_a_drill if bulletin.ends_drill else before
    opening = "" if before is None else f"{language.of(before)}{language.between}"
    return f"{mark}{issuer}{opening}{_relayed(bulletin, wording, language)}"


def _relayed(bulletin: Bulletin, wording: BulletinWording, language: _Language) -> str:
    """Whose signal leads, and when it was issued; empty where it is our own."""
    said = None if bulletin.evidence is None else bulletin.evidence.relayed
    if said is None or bulletin.action.is_end:
        return ""
    return f"{language.relayed(said, clock_local(said.sent_s, wording.time_zone))}{language.between}"


def _template(bulletin: Bulletin, orders: OrderTable) -> Wording:
    """The words for what is asked: the leading hazard's, or at an end those of what has ended."""
    if bulletin.action is Action.CORRECT:
        return orders.correct
    if bulletin.action is Action.RETURN:
        return orders.go_home_zone if bulletin.zones else orders.go_home
    if bulletin.action is Action.CLEAR:
        of_ended = _orders_of_ended(bulletin, orders)
        return of_ended.over if bulletin.has_moved else of_ended.clear
    lead = bulletin.standing[0]
    if bulletin.action is Action.STAY:
        of_lead = orders.of(lead.hazard)
        # "The rain eases" is no word for a danger that has just risen.
        return (of_lead.stay_rising if bulletin.cause in RISES else None) or of_lead.stay
    return orders.order(lead.hazard, lead.level).text


def _orders_of_ended(bulletin: Bulletin, orders: OrderTable) -> HazardOrders:
    """Of several hazards the slope's where people have gone, it is dangerous longest; else common words."""
    ended = [orders.of(hazard) for hazard in bulletin.ended]
    if len(ended) == 1:
        return ended[0]
    slopes = [hazard for hazard in ended if hazard.refuge is Refuge.SLOPE and bulletin.has_moved]
    return slopes[0] if slopes else orders.otherwise


def _names(bulletin: Bulletin, wording: BulletinWording, language: _Language) -> dict[str, str]:
    villages, policy = wording.network.villages, wording.policy
    short_name = villages.short_name[bulletin.village] if villages.short_name else ""
    shelter = villages.shelter[bulletin.village] if villages.shelter else ""
    hazards = [warning.hazard for warning in bulletin.standing[:1]] or list(bulletin.ended)
    titles = [language.title(title_of(hazard, wording.rules)) for hazard in hazards[:TITLES_MAX]]
    village = clean(short_name)[:NAME_MAX] or village_name(bulletin.village, wording.network)[:NAME_MAX]
    where, by = _of_transfer(bulletin, wording, language)
    zones = language.and_.join(clean(zone) for zone in bulletin.zones)
    return {
        "village": f"{village}{where}",
        "by": by,
        "zone": zones[: 2 * NAME_MAX],
        "shelter": clean(shelter)[:NAME_MAX] or clean(language.of(policy.shelter))[:NAME_MAX],
        "phone": clean(policy.phone)[:NAME_MAX],
        "clock": clock_local(bulletin.opened_s, wording.time_zone),
        "hazard": language.and_.join(titles)[:NAME_MAX],
    }


def _of_transfer(bulletin: Bulletin, wording: BulletinWording, language: _Language) -> tuple[str, str]:
    """Zone and hour of a transfer that leads; an hour that has passed is "now, there is still time"."""
    lead = bulletin.standing[0] if bulletin.standing else None
    if lead is None or lead.hazard != TRANSFER:
        return "", language.now
    where = clean(lead.where)[:NAME_MAX]
    where = f"{language.between}{where}" if where else ""
    if lead.by_s <= bulletin.issued_s:
        return where, language.now
    return where, language.by.format(clock_local(lead.by_s, wording.time_zone))


def _sentences(template: str, names: Mapping[str, str], language: _Language) -> list[str]:
    """Sentences with their names; one that names nothing known is left out, the first never."""
    parts = [part for part in language.splits.split(template) if part]
    whole = [part for part in parts[1:] if all(names[field] for field in _fields(part))]
    return [part.format_map(names).strip() for part in (parts[0], *whole)]


def _fields(template: str) -> list[str]:
    return [field for _, field, _, _ in Formatter().parse(template) if field]


def _also(bulletin: Bulletin, orders: OrderTable, names: Mapping[str, str], language: _Language) -> str:
    """The worst other danger from which people flee elsewhere, where an order is given; else empty."""
    if not bulletin.action.rank:
        return ""
    lead, *others = bulletin.standing
    refuge = orders.of(lead.hazard).refuge
    for other in others:
        if other.level >= Level.YELLOW and orders.of(other.hazard).refuge is not refuge:
            return language.of(orders.of(other.hazard).also).format_map(names)
    return ""
