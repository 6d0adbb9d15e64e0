"""What posts and doors have reported: who is on duty, heads by number, patrols, and what was not counted."""

import msgspec

from warnstream.adapters.http.models.words import Count, Text, TimeUtc


class PostsRecord(msgspec.Struct, frozen=True):
    """Posts of the responsibility chain, those that are on duty, and the others by name."""

    total: Count
    on_duty: dict[str, TimeUtc]
    missing: list[Text]


class HeadsRecord(msgspec.Struct, frozen=True):
    """Numbers of one sender, when each was said last, and what is odd about them (empty: nothing)."""

    sender: Text
    heads: dict[str, Count]
    at: TimeUtc
    doubt: str


class PatrolRecord(msgspec.Struct, frozen=True):
    """Who walked the round last in an hour and saw nothing."""

    hour: TimeUtc
    post: Text


class VillageReportsRecord(msgspec.Struct, frozen=True):
    """One village: the newest number of each kind that a post has said, who said what, and patrols."""

    village: Text
    name: str
    heads: dict[str, Count]
    doubt: str
    posts: list[HeadsRecord]
    doors: list[HeadsRecord]
    patrols: list[PatrolRecord]


class UnclearRecord(msgspec.Struct, frozen=True):
    """A report that could not be counted, and why, in Chinese and English."""

    time: TimeUtc
    sender: Text
    village: Text | None
    why: Text


class SpotChecksRecord(msgspec.Struct, frozen=True):
    """Spot checks of one post: how many, right, not in time, wrong codes, until when one is open."""

    post: Text
    asked: Count
    right: Count
    silent: Count
    wrong: Count
    open_until: TimeUtc | None


class TeamRecord(msgspec.Struct, frozen=True):
    """A rescue team that is called: where to, whether it has answered, when it is there; `tries` in vain."""

    team: Text
    name: Text
    base: str
    echelon_h: Count
    heads: Count
    villages: list[Text]
    answered: TimeUtc | None
    arrives: TimeUtc | None
    due: TimeUtc | None
    tries: Count


class ReportsRecord(msgspec.Struct, frozen=True):
    """Everything that was reported, of what is real or of exercises as the node is; of many the first."""

    status: Text
    posts: PostsRecord
    heads: dict[str, Count]
    villages: list[VillageReportsRecord]
    unclear: list[UnclearRecord]
    spot_checks: list[SpotChecksRecord]
    teams: list[TeamRecord]
