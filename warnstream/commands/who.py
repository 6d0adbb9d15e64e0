"""The command ``warnstream who``: which posts owe an answer for which village, and who calls for help.

Read only, from the node's snapshot and journal, as its last step left them; the node may be running.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import partial

import msgspec
from rich.console import Console

from warnstream.commands.standby.which import why_not_of_now
from warnstream.config.settings import Configuration
from warnstream.desk import WarningDesk
from warnstream.model.alarms import kind_word
from warnstream.model.digests import SILENT_CALLER
from warnstream.model.errors import WarnstreamError
from warnstream.model.hands.roster import Roster
from warnstream.model.times import TimeZone, date_and_clock_local, iso_utc, parse_iso
from warnstream.routing.chain import Chain
from warnstream.routing.debts import NEVER
from warnstream.routing.help_calls import HelpCall
from warnstream.routing.reports import WORDS_EN
from warnstream.routing.turns import AWAITING, State
from warnstream.runners.live.views.orders_json import describe_orders
from warnstream.runners.replay.past_engine import past_of_journal
from warnstream.runners.reports import describe_reports

Record = dict[str, object]

MISSING_SHOWN = 20
"""So many posts that are not on duty are named in a line; all of them in --json."""


def who(configuration: Configuration, village_code: str | None) -> Record:
    """What `show` prints, as JSON values.

    Raises
    ------
    WarnstreamError
        If there is no such village, or the node has kept nothing yet.
    """
    number = configuration.network.villages.index_of_code()
    if village_code is not None and village_code not in number:
        raise WarnstreamError(f"no village {village_code!r} in {configuration.directory}")
    with Console(stderr=True).status("reading the node's journal"):
        past = past_of_journal(configuration, configuration.storage.directory, None, lambda _now_s: None)
    only = None if village_code is None else number[village_code]
    channels = [
        {"alarm": alarm.key, "since": iso_utc(alarm.begun_s), "text": alarm.text}
        for alarm in past.alarms
        if kind_word(alarm.key) == "channel"
    ]
    found = record_of(configuration, past.engine.desk, only)
    tests = [
        {"post": way.post, "channel": way.channel, "called": iso_utc(known.called_s)}
        for way, known, result in past.tests.rows(past.judged_s)
        if result == "silent"
    ]
    instead = why_not_of_now(configuration)
    here = {"here": instead} if instead else {}
    said = {"channels": channels, "tests_silent": tests}
    return {"time": iso_utc(past.judged_s), **here, **said, **found}


def record_of(configuration: Configuration, desk: WarningDesk, only: int | None = None) -> Record:
    """Villages that stand, those without an answer first, then by level; and open calls for help."""
    villages = configuration.network.villages
    found = [
        (turn.state not in AWAITING, turn.state is not State.DRY, -turn.level, village, chain)
        for chain in desk.chains.of.values()
        for village, turn in chain.turns.items()
        if (turn.state is not State.QUIET if only is None else village == only)
    ]
    network, now_s = configuration.network, desk.chains.now_s
    deputies = {post.post: post.deputy for post in network.chain}
    calls = [call for call in desk.chains.calls if only in (None, call.village)]
    return {
        "villages": [
            {
                "village": villages.code[village],
                "name": villages.name[village],
                **_turn(chain, village, deputies, partial(_shift, network.roster, now_s)),
            }
            for *_, village, chain in sorted(found, key=lambda one: one[:4])
        ],
        "helps": [_call(call, villages.code[call.village]) for call in calls],
        "reports": msgspec.to_builtins(describe_reports(desk, villages, only)),
        "orders": msgspec.to_builtins(describe_orders(desk, villages)),
    }


def lines(record: Record, time_zone: TimeZone) -> Iterator[str]:
    """The record as text, one line a village and one a post that is awaited or was silent."""
    yield f"as of {_local(record['time'], time_zone)}"
    if "here" in record:
        yield f"{record['here']}: this is as far as this box has it"
    villages, helps = record["villages"], record["helps"]
    assert isinstance(villages, list)
    assert isinstance(helps, list)
    for call in helps:
        taken = f"with {call['assigned']}" if call["assigned"] else "NOBODY HAS TAKEN IT"
        since = _local(call["since"], time_zone)
        people = f", {call['heads']} people" if call["heads"] else ""
        if call["caller"] == SILENT_CALLER:
            yield f"SEND A PERSON {call['help']}: {call['village']}, no post answers, since {since}, {taken}"
            continue
        yield f"help {call['help']}: {call['village']} {call['caller']}{people} since {since}, {taken}"
    for channel in record.get("channels", ()):  # type: ignore[attr-defined]
        yield f"STOPPED {_local(channel['since'], time_zone)}: {channel['text']}"
    for test in record.get("tests_silent", ()):  # type: ignore[attr-defined]
        called = _local(test["called"], time_zone)
        yield f"test call not answered: {test['post']} by {test['channel']}, called {called}"
    yield from _orders(record["orders"], time_zone)
    yield from _reports(record["reports"], time_zone)
    if not villages:
        yield "nothing stands, nobody owes an answer"
    for village in villages:
        state = _dry(village) if village["state"] == State.DRY else village["state"]
        name = f"{village['village']} {village['name']} {village['level']}"
        yield f"{name}: {state}, {village['raises']} raises"
        for post in village["posts"]:
            shift = post["shift"]
            holder = f" ({shift['person']} until {_local(shift['until'], time_zone)})" if shift else ""
            yield f"  rank {post['rank']} {post['post']}{holder}: {_of_post(post, time_zone)}"


def _orders(orders: object, time_zone: TimeZone) -> Iterator[str]:
    """What people have ordered, and what waits for one."""
    assert isinstance(orders, dict)
    if response := orders["response"]:
        yield f"response {response['response']} by {response['author']}: {response['reason']}"
    for row in orders["waiting_second"]:
        order = f"order {row['order']} of {row['author']}, {row['hazard']}"
        yield f"WAITS for a second person until {_local(row['lapses'], time_zone)}: {order}"
    for row in orders["waiting_release"]:
        due = f"by itself {_local(row['due'], time_zone)}" if row["due"] else "not by itself"
        what = f"{row['action']} {row['hazard']} {row['level']}"
        yield f"WAITS for a release, {due}: {row['village']} {row['name']}, {what}"
    for row in orders["bounds"]:
        until = _local(row["expires"], time_zone)
        found = f"{row['kind']} {row['bound']}, found {row['found']}, in force {row['level']}"
        who = f"{row['author']}: {row['reason']}"
        yield f"by hand until {until}: {row['village']} {row['hazard']} {found}; {who}"
    for row in orders["silences"]:
        what = row["post"] or row["hazard"] or f"{row['villages']} villages"
        until = _local(row["expires"], time_zone)
        yield f"silenced until {until}: {what}; {row['author']}: {row['reason']}"


def _reports(reports: object, time_zone: TimeZone) -> Iterator[str]:
    """Posts on duty, heads by number, patrols, and what could not be counted."""
    assert isinstance(reports, dict)
    posts, heads = reports["posts"], reports["heads"]
    if posts["total"]:
        missing = posts["missing"]
        names = f"; missing: {' '.join(missing[:MISSING_SHOWN])}" if missing else ""
        more = f" and {len(missing) - MISSING_SHOWN} more" if len(missing) > MISSING_SHOWN else ""
        yield f"on duty: {len(posts['on_duty'])} of {posts['total']} posts{names}{more}"
    yield from _teams(reports["teams"], time_zone)
    for report in reports["spot_checks"]:
        until = f", open until {_local(report['open_until'], time_zone)}" if report["open_until"] else ""
        result = f"{report['right']} right, {report['silent']} not in time, {report['wrong']} wrong codes"
        yield f"spot checks of {report['post']}: {report['asked']}, {result}{until}"
    if heads:
        yield f"heads: {_heads(heads)}"
    for report in reports["villages"]:
        place = f"{report['village']} {report['name']}"
        for said in (*report["posts"], *report["doors"]):
            doubt = f", DOUBTFUL: {said['doubt']}" if said["doubt"] else ""
            by = f"{said['sender']} {_local(said['at'], time_zone)}"
            yield f"  {place}: {_heads(said['heads'])}, {by}{doubt}"
        if report["patrols"]:
            last = report["patrols"][-1]
            by = f"last from {_local(last['hour'], time_zone)} by {last['post']}"
            yield f"  {place}: patrolled in {len(report['patrols'])} hours, {by}"
    for unclear in reports["unclear"]:
        said = f"{unclear['sender']}, {unclear['village'] or 'no village'}: {unclear['why']}"
        yield f"NOT COUNTED {_local(unclear['time'], time_zone)}: {said}"


def _teams(teams: list[Record], time_zone: TimeZone) -> Iterator[str]:
    """Rescue teams that are called: who comes when, and who has not answered."""
    for team in teams:
        state = (
            f"comes {_local(team['arrives'], time_zone)}" if team["arrives"] else "answered, no arrival time"
        )
        if not team["answered"]:
            due = f", due {_local(team['due'], time_zone)}" if team["due"] else ", called next"
            again = f", rung again {team['tries']} times" if team["tries"] else ""
            state = f"HAS NOT ANSWERED{due}{again}"
        places = team["villages"]
        assert isinstance(places, list)
        more = f" and {len(places) - 1} more" if len(places) > 1 else ""
        size = f"{team['heads']} people, {team['echelon_h']} h"
        yield f"team {team['team']} {team['name']} ({size}) to {places[0]}{more}: {state}"


def _heads(heads: dict[str, int]) -> str:
    return ", ".join(f"{WORDS_EN[word]} {number}" for word, number in heads.items())


def _dry(village: Record) -> str:
    """Of a village whose chain ran dry: that some have answered is said, too."""
    posts = village["posts"]
    assert isinstance(posts, list)
    has_some = any(post["answered"] for post in posts)
    return "ANSWERS ARE MISSING, nobody is left to ask" if has_some else "NOBODY HAS ANSWERED"


def _of_post(post: Record, time_zone: TimeZone) -> str:
    if post["answered"]:
        return "answered"
    if not post["owes"]:
        return "asked before, not needed any more" if post["knows"] else "not asked"
    due = f", due {_local(post['due'], time_zone)}" if post["due"] else ", called next"
    silent = ", silent" if post["silent"] else ""
    again = f", rung again {post['tries']} times" if post["tries"] else ""
    deputy = f", deputy {post['deputy']} is rung, too" if post["deputy"] else ""
    return f"owes an answer{due}{silent}{again}{deputy}"


def _local(time: object, time_zone: TimeZone) -> str:
    return date_and_clock_local(parse_iso(str(time)), time_zone)


def _shift(roster: Roster, now_s: int, post: str) -> Record | None:
    """Who holds a post, and until when; None: nobody has a shift there, its own way rings."""
    shift = roster.at(post, now_s)
    return None if shift is None else {"person": shift.person, "until": iso_utc(shift.end_s)}


def _turn(
    chain: Chain, village: int, deputies: Mapping[str, str], shift_of: Callable[[str], Record | None]
) -> Record:
    turn = chain.turns[village]
    asked = chain.asked(village)
    return {
        "level": turn.level.word,
        "state": str(turn.state),
        "since": iso_utc(turn.since_s) if turn.since_s >= 0 else None,
        "raises": turn.number,
        "posts": [
            {
                "post": post,
                "rank": rank,
                "shift": shift_of(post),
                "knows": post in asked,
                "answered": post in turn.answered,
                "silent": post in turn.silent,
                **_owed(chain, post, village),
                "deputy": deputies.get(post, "") if _is_deputized(chain, post) else "",
            }
            for post, rank in chain.ranked(village)
        ],
    }


def _owed(chain: Chain, post: str, village: int) -> Record:
    debt = chain.debts.get(post)
    owed = None if debt is None else debt.owed.get(village)
    if debt is None or owed is None:
        return {"owes": False, "due": None, "tries": 0}
    due = iso_utc(owed.due_s) if owed.due_s != NEVER else None
    return {"owes": not owed.has_lapsed, "due": due, "tries": debt.tries if owed.is_overdue else 0}


def _is_deputized(chain: Chain, post: str) -> bool:
    return post in chain.debts and chain.debts[post].is_deputized


def _call(call: HelpCall, code: str) -> Record:
    return {
        "help": call.name,
        "village": code,
        "caller": call.caller,
        "since": iso_utc(call.opened_s),
        "assigned": call.assigned or None,
        "is_untaken": call.is_untaken,
        "heads": call.heads or None,
    }
