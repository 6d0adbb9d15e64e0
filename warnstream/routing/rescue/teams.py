"""Rescue teams of one chain: called when a village of their area turns red, rung until they answer.

A team is no rank of the ladder: a village is heard by its posts, whether a team comes or not. It has one
call over all of its area, one timer, one numbered digest:

- A village turns red: every team of its area is called at once, of all echelons. A further village of a
  township that was named already is news; one of another township asks anew.
- An answer, or an arrival time, ends the ringing. Without either the team is rung again after the waits of
  `chain.again`, for as long as anything stands where it was called to.
- Nothing stands there any more: the team is told so, and the call is over.

Pure, as the chain. A step costs the villages that it touches and the teams that fall due.
"""

from collections.abc import Callable, Mapping, Sequence

import msgspec

from warnstream.model.digests import LINES_MAX, MINUTES_MAX, Digest, DigestLine, counted
from warnstream.model.level import Level
from warnstream.model.network import ChainPost, Villages
from warnstream.model.rules.policies import RoutingPolicy
from warnstream.model.times import MINUTE_S
from warnstream.model.transfers.duties import Team
from warnstream.model.warning import Cause, MessageStatus
from warnstream.routing.debts import NEVER, NOT_YET
from warnstream.routing.turns import Turn

CALLED_FROM = Level.RED

SILENT_TRIES = 2
"""A team that was rung so often in vain is told to the officer."""

NOT_CALLED = "到达时间限被叫的救援队 arrival: of rescue teams that are called alone"

Series = Callable[[str, int], str]


class TeamCall(msgspec.Struct):
    """One team: where it is called to, whether it has answered, when it comes.

    Attributes
    ----------
    villages : dict of int to str
        Where it was called to and something stands still, and for what hazard, in the order of the calls.
    changed : list of int
        Of these and of those that are over: what the next digest tells.
    over : dict of int to str
        Where nothing stands any more, until a digest has told it.
    first_n : int
        Digest that asked first since it was called; `NOT_YET`: the next one will.
    due_s, answered_s, arrives_s : int
        When its answer is overdue, when it came, when the team is there; NEVER: none of these.
    tries : int
        How often it was rung again in vain.
    rings : bool
        It is to be rung again.
    opened_s, n, issued_s : int
        Of the series of its digests: begin, last number, time of that.
    """

    villages: dict[int, str] = {}
    changed: list[int] = []
    over: dict[int, str] = {}
    first_n: int = NOT_YET
    due_s: int = NEVER
    answered_s: int = NEVER
    arrives_s: int = NEVER
    tries: int = 0
    rings: bool = False
    opened_s: int = NEVER
    n: int = 0
    issued_s: int = NEVER

    @property
    def is_open(self) -> bool:
        """Whether it is called to anywhere."""
        return bool(self.villages)

    @property
    def is_silent(self) -> bool:
        """Whether it was rung in vain more than once."""
        return self.is_open and self.answered_s == NEVER and self.tries >= SILENT_TRIES


class Teams:
    """The teams of one network, for what is real or for exercises.

    Parameters
    ----------
    posts : sequence of ChainPost
        Those with a `team` count; several rows of one team are its ways.
    villages : Villages or None
        None where there is no team.
    policy : RoutingPolicy
    status : MessageStatus
    series : callable
        Name of a team's sequence of digests that opens at a time.

    Attributes
    ----------
    calls : dict of str to TeamCall
        By team; of those that were ever called.
    of_code : dict of str to Team
        Every team.
    """

    def __init__(
        self,
        posts: Sequence[ChainPost],
        villages: Villages | None,
        policy: RoutingPolicy,
        status: MessageStatus,
        series: Series,
    ) -> None:
        self._policy, self._status, self._series, self._villages = policy, status, series, villages
        self._of_area: dict[str, list[str]] = {}
        self.of_code: dict[str, Team] = {}
        for post in posts:
            if post.team is not None and post.post not in self._of_area.get(post.team.area, ()):
                self.of_code[post.post] = post.team
                self._of_area.setdefault(post.team.area, []).append(post.post)
        self.calls: dict[str, TeamCall] = {}

    def of_village(self, village: int) -> list[str]:
        """Teams that come to a village."""
        places = self._places
        areas = {places.code[village], places.township[village], places.county[village], "*"}
        return sorted({team for area in areas for team in self._of_area.get(area, ())})

    def hear(self, village: int, before: Level, turn: Turn) -> None:
        """A village's level may have changed."""
        if not self.of_code:
            return
        if before < CALLED_FROM <= turn.level:
            for team in self.of_village(village):
                self._call(self.calls.setdefault(team, TeamCall()), village, turn)
        elif not turn.level and before:
            for call in self.calls.values():
                self._end(call, village)

    def align(self, turns: Mapping[int, Turn]) -> None:
        """What stands is this, whatever was heard; teams that are gone are called no more."""
        self.calls = {team: call for team, call in self.calls.items() if team in self.of_code}
        if not self.of_code:
            return
        for call in self.calls.values():
            for village in [place for place in call.villages if not _stands(turns, place)]:
                self._end(call, village)
        for village, turn in sorted(turns.items()):
            if turn.level >= CALLED_FROM:
                for team in self.of_village(village):
                    call = self.calls.setdefault(team, TeamCall())
                    if village not in call.villages:
                        self._call(call, village, turn)

    def answer(self, team: str, n: int, now_s: int) -> bool:
        """A team has answered its digest n; whether that was what it is asked now."""
        call = self.calls[team]
        if not call.is_open or not NOT_YET < call.first_n <= n:
            return False
        call.answered_s, call.due_s, call.tries, call.rings = now_s, NEVER, 0, False
        return True

    def is_called(self, team: str) -> bool:
        """Whether a team is called to anywhere."""
        call = self.calls.get(team)
        return call is not None and call.is_open

    def fault_of(self, team: str, minutes: int) -> str:
        """Why an arrival cannot be, in Chinese and English; empty if it can."""
        if not self.is_called(team):
            return NOT_CALLED
        if not 0 <= minutes <= MINUTES_MAX:
            return f"{minutes}分钟：应为0至{MINUTES_MAX} {minutes} minutes: expected 0 to {MINUTES_MAX}"
        return ""

    def arrive(self, team: str, minutes: int, now_s: int) -> bool:
        """A team says in how many minutes it is there, which is an answer; whether that can be."""
        call = self.calls.get(team)
        if call is None or self.fault_of(team, minutes):
            return False
        call.arrives_s = now_s + minutes * MINUTE_S
        if call.first_n != NOT_YET:
            self.answer(team, call.n, now_s)
        return True

    def fail(self, team: str, n: int, now_s: int) -> None:
        """A digest could not be brought on any way of its team."""
        call = self.calls[team]
        if n == call.n and call.is_open and call.answered_s == NEVER:
            call.tries += 1
            call.due_s = now_s + self._policy.wait_s(call.tries)

    def number_of(self, identifier: str, team: str) -> int:
        """Number of a digest that a team was sent; 0 if it was not."""
        call, digits = self.calls.get(team), identifier.rpartition(".")[2]
        if call is None or not call.n or not (digits.isascii() and digits.isdigit() and len(digits) < 10):
            return 0
        is_theirs = identifier == f"{self._series(team, call.opened_s)}.{int(digits)}"
        return int(digits) if is_theirs and int(digits) <= call.n else 0

    def number_as(self, digest: Digest) -> None:
        """A digest was issued under this number: later ones get greater ones."""
        call = self.calls.setdefault(digest.post, TeamCall())
        if (call.opened_s, call.n) < (digest.opened_s, digest.n):
            call.opened_s, call.n, call.issued_s = digest.opened_s, digest.n, digest.issued_s

    def issue(self, turns: Mapping[int, Turn], now_s: int) -> list[Digest]:
        """Digests of teams that are called, rung again, or not needed any more."""
        for call in self.calls.values():
            if NEVER < call.due_s <= now_s and call.answered_s == NEVER:
                call.rings, call.due_s, call.tries = True, NEVER, call.tries + 1
        ready = (
            (team, call)
            for team, call in sorted(self.calls.items())
            if (call.rings or call.changed) and (not call.n or call.issued_s + self._every_s <= now_s)
        )
        return [self._write(team, call, turns, now_s) for team, call in ready]

    @property
    def _places(self) -> Villages:
        assert self._villages is not None, "teams are of a network"
        return self._villages

    @property
    def _every_s(self) -> int:
        return self._policy.digest_every_s

    def silent(self) -> list[str]:
        """Teams that were rung in vain more than once."""
        return sorted(team for team, call in self.calls.items() if call.is_silent)

    def _call(self, call: TeamCall, village: int, turn: Turn) -> None:
        townships = self._places.township
        township, named = townships[village], {townships[place] for place in call.villages}
        call.villages[village] = turn.worst_first()[0][0]
        call.changed = [*(place for place in call.changed if place != village), village]
        call.over.pop(village, None)
        if township not in named or not township:
            call.first_n, call.due_s, call.tries, call.rings = NOT_YET, NEVER, 0, False
            call.answered_s = call.arrives_s = NEVER

    def _end(self, call: TeamCall, village: int) -> None:
        if village not in call.villages:
            return
        hazard = call.villages.pop(village)
        was_told = call.first_n != NOT_YET or village not in call.changed
        call.changed = [place for place in call.changed if place != village]
        if was_told:
            call.over[village] = hazard
            call.changed.append(village)
        if not call.villages:
            call.due_s, call.rings, call.tries = NEVER, False, 0

    def _write(self, team: str, call: TeamCall, turns: Mapping[int, Turn], now_s: int) -> Digest:
        call.opened_s = now_s if call.opened_s == NEVER else call.opened_s
        call.n, call.issued_s = call.n + 1, now_s
        asks = call.is_open and call.answered_s == NEVER
        if asks and call.first_n == NOT_YET:
            call.first_n = call.n
            call.due_s = now_s + self._policy.answer_within_s[CALLED_FROM]
        elif asks and call.rings:
            call.due_s = now_s + self._policy.wait_s(call.tries)
        told = [*call.villages, *call.over] if asks else call.changed
        order = sorted(set(told), key=lambda one: (one in call.over, -_level(turns, one), one))
        lines = tuple(_line(place, call, turns, asks=asks) for place in order[:LINES_MAX])
        call.changed, call.over, call.rings = [], {}, False
        series = self._series(team, call.opened_s)
        return Digest(
            identifier=f"{series}.{call.n}",
            post=team,
            series=series,
            opened_s=call.opened_s,
            n=call.n,
            issued_s=now_s,
            answer_by_s=max(call.due_s, now_s) if asks else 0,
            status=self._status,
            level=CALLED_FROM if call.is_open else Level.NONE,
            owed=counted(_level(turns, place) for place in call.villages) if asks else (0, 0, 0, 0, 0),
            lines=lines,
            helps=(),
            more=len(order) - len(lines),
            tries=call.tries if asks else 0,
            asks_arrival=asks,
        )


def moved_calls(calls: Mapping[str, TeamCall], now: Mapping[int, int]) -> None:
    """After a change of the register: villages that are known have these numbers now, others are gone."""
    for call in calls.values():
        call.changed = [now[then] for then in call.changed if then in now]
        call.villages = {now[then]: hazard for then, hazard in call.villages.items() if then in now}
        call.over = {now[then]: hazard for then, hazard in call.over.items() if then in now}


def _stands(turns: Mapping[int, Turn], village: int) -> bool:
    return _level(turns, village) > Level.NONE


def _level(turns: Mapping[int, Turn], village: int) -> Level:
    turn = turns.get(village)
    return Level.NONE if turn is None else turn.level


def _line(village: int, call: TeamCall, turns: Mapping[int, Turn], *, asks: bool) -> DigestLine:
    turn = turns.get(village) or Turn()
    if village in call.over:
        return DigestLine(village, Level.NONE, False, (), ((call.over[village], Cause.ENDED),), ())
    relayed = turn.relayed_in_order()
    return DigestLine(village, turn.level, asks, turn.worst_first(), (), (), relayed, (), turn.by_s)
