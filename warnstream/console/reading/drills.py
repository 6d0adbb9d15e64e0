"""Drills for the console: cut to an area, with their scores by village and post."""

from collections import Counter
from collections.abc import Callable

from warnstream.adapters.http.models.drills import DrillRecord
from warnstream.config.settings import Configuration
from warnstream.console.reading.models import Drill, DrillPost, Drills, DrillVillage
from warnstream.delivery.texts import clean
from warnstream.model.times import DAY_S, parse_iso
from warnstream.runners.drill.scores import DrillScores, PostScore, VillageScore
from warnstream.runners.drill.seen import DrillsSeen

YEAR_S = 365 * DAY_S


def drills_of(
    seen: DrillsSeen, is_inside: Callable[[str], bool], configuration: Configuration, now_s: int
) -> Drills:
    """Drills with a village of the area; of others nothing is said."""
    on = {record.drill: record for record in seen.on}
    found = [_drill(scores, on.get(scores.drill), is_inside) for scores in seen.scores]
    drills = sorted((drill for drill in found if drill.villages), key=lambda one: not one.is_on)
    villages = configuration.network.villages
    inside = [at for at, code in enumerate(villages.code) if is_inside(code)]
    drilled = {code for code, begun in seen.last.items() if parse_iso(begun) >= now_s - YEAR_S}
    total = Counter(villages.township[at] for at in inside)
    with_one = Counter(villages.township[at] for at in inside if villages.code[at] in drilled)
    towns = [(clean(town), n, with_one[town]) for town, n in sorted(total.items())]
    return Drills(drills, sum(with_one.values()), len(inside), towns, len(seen.unread))


def _drill(scores: DrillScores, record: DrillRecord | None, is_inside: Callable[[str], bool]) -> Drill:
    villages = [_village(village) for village in scores.villages if is_inside(village.village)]
    running = set(record.running) if record is not None else set()
    return Drill(
        drill=scores.drill,
        author=clean(scores.author),
        reason=clean(scores.reason),
        begun_s=parse_iso(scores.begun),
        ends_s=parse_iso(record.ends) if record is not None else 0,
        is_on=any(village.code in running for village in villages),
        is_announced=scores.announced,
        villages=villages,
    )


def _village(one: VillageScore) -> DrillVillage:
    return DrillVillage(
        code=one.village,
        name=clean(one.name),
        told_s=parse_iso(one.first_told) if one.first_told else 0,
        ended=one.ended_why or "",
        doors=one.doors,
        answered=one.doors_answered,
        first_after_s=-1 if one.first_answer_after_s is None else one.first_answer_after_s,
        helps=one.calls_for_help,
        posts=[_post(post) for post in one.posts],
    )


def _post(one: PostScore) -> DrillPost:
    return DrillPost(
        post=clean(one.post),
        asked_s=parse_iso(one.asked),
        answered_after_s=-1 if one.answered_after_s is None else one.answered_after_s,
        reminders=one.reminders,
        check="" if one.spot_check is None else "repeated" if one.spot_check else "not repeated",
    )
