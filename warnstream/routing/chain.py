"""The ladder of duty posts: a village is called until everybody needed has answered; then nobody is.

A village has a `Turn` (its state, and the highest rank asked), a post one `Debt`: what it owes, one
timer, one numbered sequence of digests. A raise asks whom the level needs: all ranks at once from
`all_ranks_from` on, below it the lowest and everybody asked before. Time then works:

- An answer that is overdue, or could not be brought, lets its villages climb to the next rank; from
  orange on the post is rung again as well, with growing waits, for as long as it owes.
- The top rank silent, or nobody left to wait for: the village is dry, an alarm until it is answered
  or over.
- A call for help rings the next rank, climbs and rings again until a person has it.
- A post gets at most one digest in `digest_every_s`, the first one at once.

What is real and what is an exercise are two chains: one digest is never both. Pure: the same inputs
give the same digests, byte for byte, also across a snapshot at any step. A step costs its inputs and
what falls due, not the villages that stand.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet

from warnstream.model.digests import SILENT_CALLER, CallFailed, Digest, HelpAssign, HelpClose, RingAgain
from warnstream.model.effects import Answer, DoorHelp, PostAnswer
from warnstream.model.hands.roster import NOBODY, Roster
from warnstream.model.level import Level
from warnstream.model.rules.policies import RoutingPolicy
from warnstream.model.warning import MessageStatus, WarningMessage
from warnstream.routing.chain_state import ChainState, decode, encode, keep_theirs
from warnstream.routing.debts import NEVER, NOT_YET, Debt
from warnstream.routing.help_calls import HelpCall, HelpCalls
from warnstream.routing.needs import NO_DUTIES, Ranked
from warnstream.routing.posts import Posts
from warnstream.routing.proof.sheets import Sheets
from warnstream.routing.reports import PlacedReport, Reports
from warnstream.routing.rescue.silent_villages import SilentVillages, over
from warnstream.routing.rescue.teams import Teams
from warnstream.routing.spot_checks import SpotChecks
from warnstream.routing.turns import AWAITING, ImpossibleTurnError, Signal, State, Turn
from warnstream.routing.villages import Villages

ChainInput = (
    WarningMessage | PostAnswer | DoorHelp | PlacedReport | CallFailed | HelpAssign | HelpClose | RingAgain
)


class Chain:
    """All villages and posts of one network, for what is real or for exercises.

    Parameters
    ----------
    posts_of : callable
        Posts of a village with their ranks, each once, lowest rank first.
    policy : RoutingPolicy
    status : MessageStatus
        Of its digests.
    series : callable
        Name of a post's sequence of digests that opens at a time; no two give one name.
    registers : sequence of int
        The first changes when posts or the policy do; under the others nobody is asked anew.
    people_of : callable, optional
        People known to live in a village; 0: nobody said.
    teams : Teams, optional
        Rescue teams; without them nobody is called beside the posts.
    duties, posts_were : mapping of str to str, optional
        By post, of those that have one; by the code that a post had before, its code now.
    roster : Roster, optional
        Who holds a post by time: whoever begins a shift hears what is open there.

    Attributes
    ----------
    teams : Teams
    helps : HelpCalls
    reports : Reports
    checks : SpotChecks
    sheets : Sheets
    silent : SilentVillages
    ignored : int
        Answers to digests that were never issued, or by somebody else; calls for help beyond the limit.
    faults : list of str
        Inputs of the last step that cannot be; they changed nothing.
    """

    def __init__(  # noqa: PLR0913  # what a chain stands on, the last by name
        self,
        posts_of: Callable[[int], Sequence[Ranked]],
        policy: RoutingPolicy,
        status: MessageStatus,
        series: Callable[[str, int], str],
        registers: Sequence[int] = (0,),
        people_of: Callable[[int], int] = lambda _village: 0,
        *,
        teams: Teams | None = None,
        duties: Mapping[str, str] = NO_DUTIES,
        posts_were: Mapping[str, str] = NO_DUTIES,
        roster: Roster = NOBODY,
    ) -> None:
        self._policy, self._registers, self._post_now = policy, registers, posts_were
        self._posts = Posts(policy, status, series, posts_were, roster)
        self._villages = Villages(posts_of, policy, self._posts, duties)
        self.teams = Teams((), None, policy, status, series) if teams is None else teams
        self.helps = HelpCalls(f"{'h' if status is MessageStatus.ACTUAL else 'x'}{policy.part.mark}")
        self.reports = Reports(people_of, policy.on_duty_s)
        self.checks = SpotChecks(policy.spot_check_share, policy.spot_check_within_s)
        self.sheets = Sheets()
        self.silent = SilentVillages(policy.send_person_s)
        self.ignored, self.faults, self._to_review = 0, list[str](), list[int]()

    def step(self, inputs: Iterable[ChainInput], now_s: int, silenced: Collection[str] = ()) -> list[Digest]:
        """Take inputs in order, then let time work; the digests to send, worst first.

        `now_s` never falls from step to step; `silenced` posts hear of red, ends and calls for help alone.
        """
        return self.checks.mark(self._go(inputs, now_s, silenced))

    def _go(self, inputs: Iterable[ChainInput], now_s: int, silenced: Collection[str]) -> list[Digest]:
        self._posts.now_s, self._posts.silenced, self.faults = now_s, set(silenced), []
        for village in self._to_review:
            self._villages.review(village)
        self._to_review = []
        for entry in inputs:
            try:
                self._take(entry)
            except ImpossibleTurnError as error:  # one village failing never silences another
                self.faults.append(str(error))
        self._let_time_work()
        self._send_persons()
        self.reports.forget_old(now_s)
        self.checks.let_time_work(now_s)
        digests = self._posts.issue(self._villages.turns, self.helps, self.reports)
        digests += self.teams.issue(self.turns, now_s)
        self.sheets.issued(digests, self.debts)
        return digests

    def follow(
        self,
        inputs: Iterable[ChainInput],
        now_s: int,
        issued: Sequence[Digest],
        silenced: Collection[str] = (),
    ) -> None:
        """A step of the past, whose digests were issued then: their numbers are taken."""
        waiting, self._to_review = self._to_review, []
        self._go(inputs, now_s, silenced)
        self._to_review = waiting
        for digest in issued:
            (self.teams if digest.post in self.teams.of_code else self._posts).number_as(digest)
            self.checks.follow(digest)

    def ask_anew(self, standing: dict[int, dict[str, Level]], *, of_all: bool = True) -> None:
        """After a change of the configuration: what stands is this, and whoever owes is asked anew.

        Without `of_all` what is owed runs on: a ladder does not begin again because a threshold has changed.
        """
        known = {village for village, turn in self.turns.items() if turn.standing}
        for village in sorted(known | standing.keys()):
            self._villages.align(village, standing.get(village, {}))
        self.teams.align(self.turns)
        if not of_all:
            return
        self._posts.ask_anew()
        waiting = [village for village, turn in self.turns.items() if turn.state in AWAITING]
        self._to_review = sorted({*self._to_review, *waiting})

    # What is shown.

    @property
    def now_s(self) -> int:
        """Time of the last step."""
        return self._posts.now_s

    def due_s(self) -> int:
        """When time alone may ring or ask anybody; calls for help and teams are due at once (0)."""
        is_busy = self._to_review or self.helps.of_name or self.teams.calls
        return 0 if is_busy else min(self._posts.due_s, self.checks.due_s)

    @property
    def dry(self) -> list[int]:
        """Villages whose chain ran dry, in order."""
        return sorted(self._villages.dry)

    @property
    def dry_villages(self) -> AbstractSet[int]:
        """The same, to ask for one."""
        return self._villages.dry

    @property
    def debts(self) -> dict[str, Debt]:
        """What posts owe, by post; to read only."""
        return self._posts.debts

    @property
    def turns(self) -> dict[int, Turn]:
        """Turns by village; to read only."""
        return self._villages.turns

    def ranked(self, village: int) -> Sequence[Ranked]:
        """Posts of a village with their ranks, lowest first."""
        return self._villages.ranked(village)

    def asked(self, village: int) -> list[str]:
        """Posts that know of a village, lowest rank first."""
        return self._villages.asked(village)

    def answer_by_s(self, village: int) -> int:
        """Earliest time at which somebody's answer for a village is due; NEVER: none is awaited."""
        found = (self._posts.owed(post, village) for post in self.asked(village))
        return min((debt.due_s for debt in found if debt is not None and debt.due_s != NEVER), default=NEVER)

    def untaken(self) -> list[HelpCall]:
        """Calls for help for which everybody has been rung in vain."""
        return [call for call in self.helps.of_name.values() if call.is_untaken]

    # Restart.

    def snapshot(self, codes: Sequence[str]) -> bytes:
        """Everything between two steps, by village codes; `restore` of it continues exactly."""
        return encode(
            ChainState(
                self._posts.now_s,
                self.turns,
                self.debts,
                list(self.helps.of_name.values()),
                self.helps.n_opened,
                self.ignored,
                self._to_review,
                self._registers[0],
                {},
                self.reports.state,
                self.checks.of_post,
                self.teams.calls,
                self.sheets.of_post,
                self.silent.since_s,
            ),
            codes,
        )

    def restore(self, state: bytes, number: Mapping[str, int]) -> None:
        """Take up a snapshot; where posts or the policy are others, villages that wait are asked anew.

        Raises
        ------
        ValueError
            If the bytes are no snapshot; then everything stays as it was.
        """
        known = decode(state, number, self._post_now)
        self._villages.restore(known.turns)
        self.helps.restore(known.calls, known.n_opened)
        self.ignored, self._to_review = known.ignored, known.to_review
        self.reports.state = known.reports
        self.checks.of_post = known.checks
        self.teams.calls, self.sheets.of_post = known.teams, known.sheets
        self.silent.restore(known.silent_since_s)
        if known.register not in self._registers:
            self._adopt_register(known)
        self._posts.restore(known.debts, known.now_s)
        for call in known.calls:
            if call.due_s != NEVER:
                self._posts.plan((False, call.name), call.due_s)

    def adopt(
        self, village: int, standing: dict[str, Level], answered: Sequence[str], rank: int, now_s: int
    ) -> None:
        """What stands where an older node knew no digests: who has not answered is asked at the next step."""
        worst = max(standing.values(), default=Level.NONE)
        turn = Turn(asked_rank=rank, answered=list(answered), standing=dict(standing))
        self.turns[village] = turn
        if worst >= self._policy.chain_level_min:
            turn.state, turn.level, turn.number, turn.since_s = State.CALLING, worst, 1, now_s
            self._to_review.append(village)

    def _adopt_register(self, known: ChainState) -> None:
        """Nobody owes what is not theirs, calls for help ring anew, villages that wait are asked anew."""
        self.teams.align(known.turns)
        keep_theirs(known, self.ranked)
        self._to_review = sorted(village for village, turn in known.turns.items() if turn.state in AWAITING)

    # Inputs.

    def _take(self, entry: ChainInput) -> None:
        if isinstance(entry, WarningMessage):
            self._hear(entry)
        elif isinstance(entry, PlacedReport):
            self._take_report(entry)
        elif isinstance(entry, PostAnswer):
            self._take_answer(entry)
        elif isinstance(entry, DoorHelp):
            # A post may call, too, in reply to a drill or a test call: then the rank above it is rung.
            rank = dict(self.ranked(entry.village)).get(entry.door, 0)
            self._call_for_help(entry.village, entry.door, rank)
        elif isinstance(entry, CallFailed):
            self._take_failure(entry)
        elif isinstance(entry, RingAgain):
            for post in self._posts.owing({entry.village}):
                self.debts[post].rings_by_hand = True
                self._posts.touch(post)
        elif fault := self.helps.fault_of(entry):
            self.faults.append(fault)
        elif isinstance(entry, HelpAssign):
            self._assign(self.helps.of_name[entry.help], entry.person.strip(), entry.post)
        else:
            self._close(entry.help)

    def owes(self, villages: Collection[int]) -> bool:
        """Whether a post owes an answer for any of these villages."""
        return bool(self._posts.owing(villages))

    def _hear(self, message: WarningMessage) -> None:
        turn = self._villages.turn(message.village)
        was_quiet, before, number = turn.state is State.QUIET, turn.level, turn.number
        self._villages.hear(message)
        if turn.number != number:
            self.silent.raised(message.village, self._posts.now_s)
        self.teams.hear(message.village, before, turn)
        if was_quiet and turn.state is not State.QUIET:
            self.reports.begin(message.village)

    def _take_report(self, placed: PlacedReport) -> None:
        sender, code = placed.report.sender, placed.report.code
        if self.reports.take(placed, self._posts.now_s) and placed.is_post:
            self.sheets.reported(sender)
        if code and not placed.fault and (wrong := self.checks.take(sender, code, self._posts.now_s)):
            self.reports.doubt(sender, placed.village, wrong, self._posts.now_s)
        if (minutes := placed.report.arrives_min) is not None:
            why = self.teams.fault_of(sender, minutes)
            self.teams.arrive(sender, minutes, self._posts.now_s)
            if why:
                self.reports.doubt(sender, placed.village, why, self._posts.now_s)
        if (in_need := placed.report.in_need) is not None and in_need > 0:
            self.helps.count_heads(placed.report.sender, in_need)

    def number_of(self, identifier: str, post: str) -> int:
        """Number of a digest that a post was sent; 0 if it was not."""
        if post in self.teams.of_code:
            return self.teams.number_of(identifier, post)
        return self._posts.number_of(identifier, post)

    def _take_answer(self, given: PostAnswer) -> None:
        n = self.number_of(given.digest, given.post)
        if not n:
            self.ignored += 1
            return
        if given.post in self.teams.of_code:
            self._take_answer_of_team(given, n)
            return
        debt = self.debts[given.post]
        if settled := debt.settled_by(n):
            self.sheets.answered(given.post, self._posts.now_s)
        debt.tries = 0
        for village in settled:
            self._villages.answered(village, given.post)
        if given.answer is Answer.MOVING:
            for name in [name for name, first in debt.helps.items() if NOT_YET < first <= n]:
                self._assign(self.helps.of_name[name], given.post, given.post)
        if given.answer is Answer.NEED_HELP:
            worst = max(settled, key=lambda one: (self.turns[one].level, -one), default=debt.place)
            self._call_for_help(worst, given.post, dict(self.ranked(worst)).get(given.post, 0))
        self._posts.touch(given.post)

    def _take_answer_of_team(self, given: PostAnswer, n: int) -> None:
        if self.teams.answer(given.post, n, self._posts.now_s):
            self.sheets.answered(given.post, self._posts.now_s)
        call = self.teams.calls[given.post]
        if given.answer is Answer.NEED_HELP and call.villages:
            self._call_for_help(next(iter(call.villages)), given.post, 0)

    def _take_failure(self, failure: CallFailed) -> None:
        """Every way of a post failed: as if its time were over, only that it is not rung at once."""
        n = self.number_of(failure.digest, failure.post)
        if n and failure.post in self.teams.of_code:
            self.teams.fail(failure.post, n, self._posts.now_s)
            return
        debt = self.debts.get(failure.post)
        if debt is None or n != debt.n:
            return  # a newer digest is on its way
        rings, debt.tries = debt.rings, debt.tries + 1
        for village in debt.settled_by(n):
            owed = debt.owed[village]
            if owed.due_s == NEVER:
                continue
            self._villages.miss(failure.post, village)
            if not owed.has_lapsed:
                owed.due_s = self._posts.now_s + self._policy.wait_s(debt.tries)
        debt.rings = rings
        for name in debt.helps:
            call = self.helps.of_name[name]
            if call.tries == 1:  # the first ring: nobody may have heard it
                call.due_s = self._posts.now_s
                self._posts.plan((False, name), call.due_s)
        self._posts.look_again(failure.post)

    def _let_time_work(self) -> None:
        """Climb and ring for whatever is due; at most one rank in a step."""
        for is_post, name in self._posts.fallen():
            if is_post:
                for village in self.debts[name].overdue(self._posts.now_s):
                    self._villages.miss(name, village)
                self._posts.look_again(name)
                continue
            call = self.helps.of_name.get(name)
            if call is not None and NEVER < call.due_s <= self._posts.now_s:
                self._ring_for(call)

    # Help.

    def _send_persons(self) -> None:
        """Where no post answers somebody goes; where one has answered nobody has to any more."""
        for name in over(self.helps.of_name, self.turns):
            self._close(name)
        for village, rank in self.silent.due(self.turns, self.ranked, self._posts.now_s):
            self._open_call(village, SILENT_CALLER, 0, rank)

    def _call_for_help(self, village: int, caller: str, rank: int) -> None:
        self._villages.turn(village).take(Signal.HELP, self._posts.now_s)
        self._open_call(village, caller, rank)

    def _open_call(self, village: int, caller: str, rank: int, asked_rank: int = 0) -> None:
        call = self.helps.open(village, caller, rank, self._posts.now_s)
        if call is not None:
            call.asked_rank = asked_rank
            self._ring_for(call)
        elif not self.helps.is_open(village, caller):
            self.ignored += 1

    def _ring_for(self, call: HelpCall) -> None:
        for post in call.ring(self.ranked(call.village), self._policy, self._posts.now_s):
            debt = self._posts.debt(post)
            debt.helps.setdefault(call.name, NOT_YET)
            debt.rings_for_help = True
            self._posts.touch(post)
        if call.due_s != NEVER:
            self._posts.plan((False, call.name), call.due_s)

    def _assign(self, call: HelpCall, person: str, by: str) -> None:
        """A person has the call; those who heard of it are told."""
        call.assign(person, by)
        for post, debt in self._debts_of(call.village):
            if debt.helps.pop(call.name, NOT_YET) != NOT_YET and post != by:
                debt.taken.append(call.name)
                self._posts.touch(post)

    def _close(self, name: str) -> None:
        call = self.helps.close(name)
        for _, debt in self._debts_of(call.village):
            debt.helps.pop(name, None)
            debt.taken = [other for other in debt.taken if other != name]

    def _debts_of(self, village: int) -> list[tuple[str, Debt]]:
        return [(post, self.debts[post]) for post, _ in self.ranked(village) if post in self.debts]
