"""The five counters that have to be whole before a disaster and before a return, and who is missing.

Posts on duty; boats in port; people out of danger zones; people out of dangerous houses and outdoor sites;
places assessed before anybody returns. They run over the open transfer lists; posts, where no list is
open, over all of them. Every one goes by names: what nobody has confirmed is missing.
"""

from collections.abc import Sequence

from warnstream.adapters.http.models.transfers import CounterRecord
from warnstream.desk import WarningDesk
from warnstream.desk.transfers.rows import Row
from warnstream.model.transfers.objects import OUTDOORS, ObjectKind
from warnstream.runners.transfers.figures import persons_of

MISSING_SHOWN = 1_000

POSTS = "posts_on_duty"
BOATS = "boats_in_port"
ZONES = "people_out_of_danger_zones"
OUTDOOR = "people_out_of_houses_and_sites"
ASSESSED = "places_assessed"

OUTDOOR_KINDS = frozenset(str(kind) for kind in OUTDOORS)


def counters_of(desk: WarningDesk) -> list[CounterRecord]:
    """The five, in their order."""
    rows = [row for one in desk.transfers.open for row in list(one.rows.values())]
    boats = [row for row in rows if row.kind == ObjectKind.BOAT]
    outdoors = [row for row in rows if row.kind in OUTDOOR_KINDS]
    others = [row for row in rows if row.kind != ObjectKind.BOAT and row.kind not in OUTDOOR_KINDS]
    return [
        _posts(desk),
        _of_rows(BOATS, boats),
        _of_rows(ZONES, others),
        _of_rows(OUTDOOR, outdoors),
        _assessed(desk),
    ]


def _posts(desk: WarningDesk) -> CounterRecord:
    chain, number = desk.chains.of[desk.message_status], desk.transfers.number
    villages = sorted(
        {number[code] for one in desk.transfers.open for code in one.villages if code in number}
    )
    called = dict.fromkeys(post for village in villages for post, _ in chain.ranked(village))
    posts = list(called) if villages else desk.chains.placing.posts
    on_duty = dict(chain.reports.state.on_duty)
    missing = [post for post in posts if post not in on_duty]
    return CounterRecord(POSTS, len(posts) - len(missing), len(posts), 0, 0, missing[:MISSING_SHOWN])


def _of_rows(counter: str, rows: Sequence[Row]) -> CounterRecord:
    missing = [row for row in rows if row.is_open]
    known, left = persons_of(rows), persons_of(missing)
    codes = [row.code for row in missing[:MISSING_SHOWN]]
    return CounterRecord(counter, len(rows) - len(missing), len(rows), known - left, known, codes)


def _assessed(desk: WarningDesk) -> CounterRecord:
    transfers = desk.transfers
    since_s: dict[str, int] = {}
    for one in transfers.open:
        for code in one.villages:
            over = one.over.get(code)
            for place in transfers.places_of(code, one.zones):
                since_s[place] = max(since_s.get(place, 0), one.opened_s if over is None else over.at_s)
    assessed = transfers.state.assessed
    missing = [
        place
        for place, at_s in since_s.items()
        if (known := assessed.get(place)) is None or not known.is_safe or known.at_s < at_s
    ]
    return CounterRecord(ASSESSED, len(since_s) - len(missing), len(since_s), 0, 0, missing[:MISSING_SHOWN])
