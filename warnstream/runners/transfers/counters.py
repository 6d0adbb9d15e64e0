"""The five counters that have to be whole before a disaster and before a return, and who is missing.

Posts on duty; boats in port; people out of danger zones; people out of dangerous houses and outdoor sites;
places assessed before anybody returns. They run over the open transfer lists; posts, where no list is
open, over all of them. Every one goes by names: what nobody has confirmed is missing.
"""

from dataclasses import dataclass, field

from warnstream.adapters.http.models.transfers import CounterRecord
from warnstream.delivery.ledger.states import People
from warnstream.desk import WarningDesk
from warnstream.desk.transfers.rows import Row
from warnstream.model.transfers.objects import OUTDOORS, ObjectKind

MISSING_SHOWN = 1_000

POSTS = "posts_on_duty"
BOATS = "boats_in_port"
ZONES = "people_out_of_danger_zones"
OUTDOOR = "people_out_of_houses_and_sites"
ASSESSED = "places_assessed"


COUNTER_OF_KIND = {str(ObjectKind.BOAT): BOATS} | dict.fromkeys(map(str, OUTDOORS), OUTDOOR)
"""Of the kinds of rows that have a counter of their own."""


def counters_of(desk: WarningDesk) -> list[CounterRecord]:
    """The five, in their order; costs one look at every row of open lists."""
    counts = {counter: _Count() for counter in (BOATS, ZONES, OUTDOOR)}
    for transfer_list in desk.transfers.open:
        for row in list(transfer_list.rows.values()):
            counts[COUNTER_OF_KIND.get(row.kind, ZONES)].take(row)
    return [_posts(desk), *(count.record(name) for name, count in counts.items()), _assessed(desk)]


@dataclass(slots=True)
class _Count:
    """Rows of one counter."""

    total: int = 0
    open: int = 0
    persons: int = 0
    persons_open: int = 0
    missing: list[str] = field(default_factory=list)

    def take(self, row: Row) -> None:
        """One more row."""
        persons = max(row.persons, 0)
        self.total += 1
        self.persons += persons
        if row.people is not People.SAFE:
            self.open += 1
            self.persons_open += persons
            if self.open <= MISSING_SHOWN:
                self.missing.append(row.code)

    def record(self, counter: str) -> CounterRecord:
        """As it is shown."""
        done, persons = self.total - self.open, self.persons - self.persons_open
        return CounterRecord(counter, done, self.total, persons, self.persons, self.missing)


def _posts(desk: WarningDesk) -> CounterRecord:
    chain, number = desk.chains.of[desk.message_status], desk.transfers.number
    villages = sorted(
        {
            number[code]
            for transfer_list in desk.transfers.open
            for code in transfer_list.villages
            if code in number
        }
    )
    called = dict.fromkeys(post for village in villages for post, _ in chain.ranked(village))
    posts = list(called) if villages else desk.chains.placing.posts
    on_duty = dict(chain.reports.state.on_duty)
    missing = [post for post in posts if post not in on_duty]
    return CounterRecord(POSTS, len(posts) - len(missing), len(posts), 0, 0, missing[:MISSING_SHOWN])


def _assessed(desk: WarningDesk) -> CounterRecord:
    transfers = desk.transfers
    since_s: dict[str, int] = {}
    ended_s = desk.ended_s() if transfers.open else {}
    for transfer_list in transfers.open:
        for code in transfer_list.villages:
            over = transfer_list.over.get(code)
            over_s = transfer_list.opened_s if over is None else over.at_s
            ended = ended_s.get(transfers.number.get(code, -1), 0)
            for place in transfers.places_of(code, transfer_list.zones):
                since_s[place] = max(since_s.get(place, 0), over_s, ended)
    assessed = transfers.state.assessed
    missing = [
        place
        for place, at_s in since_s.items()
        if (known := assessed.get(place)) is None or not known.is_safe or known.at_s < at_s
    ]
    return CounterRecord(ASSESSED, len(since_s) - len(missing), len(since_s), 0, 0, missing[:MISSING_SHOWN])
