"""What was reported from the field, as records: for `/api/v1/reports` and `warnstream who`.

Read from any thread: each collection is copied before it is gone through.
"""

from collections import Counter
from collections.abc import Mapping

from warnstream.adapters.http.models.reports import (
    HeadsRecord,
    PatrolRecord,
    PostsRecord,
    ReportsRecord,
    SpotChecksRecord,
    TeamRecord,
    UnclearRecord,
    VillageReportsRecord,
)
from warnstream.desk import WarningDesk
from warnstream.model.digests import HEAD_WORDS
from warnstream.model.network import Villages
from warnstream.model.times import iso_utc
from warnstream.routing.debts import NEVER
from warnstream.routing.reports import Heads, VillageReports
from warnstream.routing.spot_checks import SpotChecks

SHOWN_MAX = 1_000
"""So many of each are listed."""


def describe_reports(desk: WarningDesk, villages: Villages, only: int | None = None) -> ReportsRecord:
    """Reports of what is real, or of exercises on a node in an exercise; `only` of one village."""
    chain = desk.chains.of[desk.message_status]
    state = chain.reports.state
    found = sorted(dict(state.villages).items())
    told = [reports for reports in found if only in (None, reports[0])]
    records = [_village(village, report, villages) for village, report in told[:SHOWN_MAX]]
    sums: Counter[str] = Counter()
    for _, report in told:
        sums.update(report.heads())
    return ReportsRecord(
        status=str(desk.message_status),
        posts=_posts(desk.chains.placing.posts, dict(state.on_duty)),
        heads={word: sums[word] for word in HEAD_WORDS if word in sums},
        villages=records,
        unclear=[
            UnclearRecord(
                time=iso_utc(unclear.at_s),
                sender=unclear.sender,
                village=villages.code[unclear.village] if unclear.village >= 0 else None,
                why=unclear.why,
            )
            for unclear in list(state.unclear)
            if only in (None, unclear.village)
        ],
        spot_checks=_spot_checks(chain.checks),
        teams=_teams(desk, villages, only),
    )


def _teams(desk: WarningDesk, villages: Villages, only: int | None) -> list[TeamRecord]:
    """Rescue teams that are called, those without an answer first, then by echelon."""
    chain = desk.chains.of[desk.message_status]
    known = chain.teams.of_code
    found = [
        (call.answered_s != NEVER, team.echelon_h, code, team, call)
        for code, call in sorted(dict(chain.teams.calls).items())
        if call.is_open and (team := known.get(code)) is not None and (only is None or only in call.villages)
    ]
    return [
        TeamRecord(
            team=code,
            name=team.name,
            base=team.base,
            echelon_h=team.echelon_h,
            heads=team.heads,
            villages=[villages.code[village] for village in list(call.villages)[:SHOWN_MAX]],
            answered=_time_or_none(call.answered_s),
            arrives=_time_or_none(call.arrives_s),
            due=_time_or_none(call.due_s),
            tries=call.tries,
        )
        for *_, code, team, call in sorted(found, key=lambda one: one[:3])
    ]


def _time_or_none(time_s: int) -> str | None:
    return None if time_s == NEVER else iso_utc(time_s)


def _spot_checks(checks: SpotChecks) -> list[SpotChecksRecord]:
    """Of every post that was ever checked, those first that were silent most often."""
    found = sorted(dict(checks.of_post).items(), key=lambda one: (-one[1].silent, one[0]))
    return [
        SpotChecksRecord(
            post=post,
            asked=known.asked,
            right=known.right,
            silent=known.silent,
            wrong=known.wrong,
            open_until=None if (check := known.open) is None else iso_utc(check.due_s),
        )
        for post, known in found[:SHOWN_MAX]
    ]


def _posts(posts: list[str], on_duty: Mapping[str, int]) -> PostsRecord:
    return PostsRecord(
        total=len(posts),
        on_duty={post: iso_utc(on_duty[post]) for post in posts if post in on_duty},
        missing=[post for post in posts if post not in on_duty][:SHOWN_MAX],
    )


def _village(village: int, known: VillageReports, villages: Villages) -> VillageReportsRecord:
    return VillageReportsRecord(
        village=villages.code[village],
        name=villages.name[village],
        heads=known.heads(),
        doubt=known.doubt(),
        posts=_heads(known.posts),
        doors=_heads(known.doors),
        patrols=[PatrolRecord(iso_utc(hour_s), post) for hour_s, post in sorted(dict(known.patrols).items())],
    )


def _heads(senders: Mapping[str, Heads]) -> list[HeadsRecord]:
    return [
        HeadsRecord(
            sender,
            sender_reports.numbers(),
            iso_utc(max(at_s for _, at_s in sender_reports.said.values())),
            sender_reports.doubt,
        )
        for sender, sender_reports in list(senders.items())[:SHOWN_MAX]
        if sender_reports.said
    ]
