"""One village as it was: levels of a picture, in the words that were sent by then."""

from warnstream.adapters.console.past import PastFacts, VersionFacts
from warnstream.console import models
from warnstream.console.county import County
from warnstream.console.situation import Situation
from warnstream.console.words import why_of
from warnstream.delivery.texts import clean, title_of


def village_then(facts: PastFacts, village: int, then: Situation) -> models.Village:
    """What stood in a village at the time of a picture; who was called and who waits is not told."""
    county, head = then.county, then.head
    assert head is not None
    levels = then.parts["level"][:, village].tolist()
    told = [bulletin for bulletin in facts.bulletins if bulletin.issued_s <= head.now_s]
    newest = max(told, key=lambda one: one.issued_s, default=None)
    return models.Village(
        code=county.code[village],
        name=county.name[village],
        township=county.township[village],
        county=county.county[village],
        level=max(levels, default=0),
        sight=then.sight_of(village),
        doors=then.doors_of(village),
        now_s=head.now_s,
        hazards=sorted(
            (
                _hazard(hazard, level, _newest(facts.versions, hazard, head.now_s), county)
                for hazard, level in zip(head.hazards, levels, strict=True)
                if level
            ),
            key=lambda row: -row.level,
        ),
        words=None
        if newest is None
        else models.Words(newest.identifier, newest.issued_s, clean(newest.text_zh), clean(newest.text_en)),
    )


def _newest(versions: list[VersionFacts], hazard: str, at_s: int) -> VersionFacts | None:
    """The message of a hazard that stood at a time."""
    sent = [version for version in versions if version.hazard == hazard and version.sent_s <= at_s]
    return max(sent, key=lambda one: one.sent_s, default=None)


def _hazard(hazard: str, level: int, version: VersionFacts | None, county: County) -> models.HazardRow:
    title = title_of(hazard, county.configuration.rules)
    reason = None if version is None else version.reason
    return models.HazardRow(
        hazard=hazard,
        zh=title.zh,
        en=title.en,
        level=level,
        since_s=0 if version is None else version.crossed_s,
        expires_s=0 if version is None else version.expires_s,
        found=level,
        why=None if reason is None else why_of(reason, county, is_now=True),
    )
