"""A row for each post: called, answered, rung again, reported, checked; each village with its last drill."""

import csv
import io
from collections.abc import Sequence

from rich.console import Console

from warnstream.config.settings import Configuration
from warnstream.desk import WarningDesk
from warnstream.duty.weekly_calls import RESULTS
from warnstream.model.errors import WarnstreamError
from warnstream.model.network import ChainPost
from warnstream.model.times import iso_utc
from warnstream.routing.debts import NEVER
from warnstream.routing.proof.sheets import Sheet
from warnstream.routing.spot_checks import PostChecks
from warnstream.runners.drill.scores import last_drills
from warnstream.runners.replay.past_engine import past_of_journal

Row = dict[str, object]


def post_rows(configuration: Configuration, only: str) -> list[Row]:
    """What the node knows of each post of the register, or of one.

    Raises
    ------
    WarnstreamError
        If there is no such post, or the node has kept nothing yet.
    """
    posts = {post.post: post for post in configuration.network.chain}
    if only and only not in posts:
        raise WarnstreamError(f"no post {only!r} in {configuration.directory}")
    with Console(stderr=True).status("reading the node's journal"):
        past = past_of_journal(configuration, configuration.storage.directory, None, lambda _now_s: None)
    chosen = [posts[only]] if only else list(posts.values())
    return [row_of(post, past.engine.desk) for post in chosen]


def row_of(post: ChainPost, desk: WarningDesk) -> Row:
    """One post; of what is real, or of exercises on a node in an exercise."""
    chain = desk.chains.of[desk.message_status]
    sheet = chain.sheets.of_post.get(post.post, Sheet())
    checks = chain.checks.of_post.get(post.post, PostChecks())
    area = post.team.area if post.team else post.area
    return {
        "post": post.post,
        "role": post.role,
        "rank": post.rank,
        "duty": post.duty,
        "area": area,
        "called": sheet.called,
        "answered": sheet.answered,
        "reminded": sheet.reminded,
        "mean_answer_s": round(sheet.answer_s / sheet.answered) if sheet.answered else None,
        "reports": sheet.reports,
        "on_duty_since": _time(chain.reports.state.on_duty.get(post.post, NEVER)),
        "spot_checks": checks.asked,
        "checks_right": checks.right,
        "checks_not_in_time": checks.silent,
        "wrong_codes": checks.wrong,
        "last_called": _time(sheet.last_called_s),
        "last_answered": _time(sheet.last_answered_s),
    }


def rows_of_tests(configuration: Configuration, only: str) -> list[Row]:
    """Each way that is tested, or those of one post, with its last call; who has not answered first.

    Raises
    ------
    WarnstreamError
        If nothing is tested, or the node has kept nothing yet.
    """
    if configuration.test_calls is None:
        raise WarnstreamError("warnstream.yaml has no section test_calls: nobody is called for a test")
    with Console(stderr=True).status("reading the node's journal"):
        past = past_of_journal(configuration, configuration.storage.directory, None, lambda _now_s: None)
    roles = {post.post: post.role for post in configuration.network.chain}
    rows = sorted(past.tests.rows(past.judged_s), key=lambda row: RESULTS.index(row[2]))
    return [
        {
            "post": way.post,
            "role": roles.get(way.post, ""),
            "area": way.area,
            "channel": way.channel,
            "result": result,
            "called": _time(known.called_s),
            "answer_by": _time(known.due_s),
            "answered": _time(known.answered_s),
        }
        for way, known, result in rows
        if only in ("", way.post)
    ]


def village_rows(configuration: Configuration) -> list[Row]:
    """Each village with its last drill that is over; a yearly one is asked of every village."""
    villages, drilled = configuration.network.villages, last_drills(configuration.storage.directory)
    return [
        {
            "village": code,
            "name": villages.name[at],
            "township": villages.township[at],
            "last_drill": drilled.get(code),
        }
        for at, code in enumerate(villages.code)
    ]


def as_csv(rows: Sequence[Row]) -> str:
    """The rows as a table with a head; nothing where something did not happen."""
    table = io.StringIO()
    writer = csv.DictWriter(table, list(rows[0]) if rows else [], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return table.getvalue()


def _time(time_s: int) -> str | None:
    return None if time_s == NEVER else iso_utc(time_s)
