"""A chain of three ranks over two townships, driven by short words."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from warnstream.model.digests import CallFailed, Digest, HelpAssign, HelpClose
from warnstream.model.effects import Answer, DoorHelp, PostAnswer
from warnstream.model.hands.roster import NOBODY, Roster
from warnstream.model.level import Level
from warnstream.model.rules.policies import RoutingPolicy
from warnstream.model.warning import Cause, MessageStatus, MessageType, WarningMessage
from warnstream.routing.chain import Chain, ChainInput

T0 = 1_554_758_100
CODES = ("v0", "v1", "v2", "v3")

POSTS = {
    0: (("grid-0", 1), ("deputy-0", 1), ("town-a", 2), ("leader", 3)),
    1: (("grid-1", 1), ("town-a", 2), ("leader", 3)),
    2: (("grid-2", 1), ("town-b", 2), ("leader", 3)),
    3: (),
}

POLICY = RoutingPolicy()


def numbers_of(codes: Sequence[str]) -> dict[str, int]:
    """Number of each village by its code."""
    return {code: village for village, code in enumerate(codes)}


def posts_of(village: int) -> Sequence[tuple[str, int]]:
    return POSTS[village]


def series(post: str, opened_s: int) -> str:
    return f"ws.@post.{post}.{opened_s}"


def new_chain(
    policy: RoutingPolicy = POLICY,
    status: MessageStatus = MessageStatus.ACTUAL,
    register: int = 0,
    of: Callable[[int], Sequence[tuple[str, int]]] = posts_of,
    people: int = 0,
    roster: Roster = NOBODY,
) -> Chain:
    return Chain(of, policy, status, series, [register], lambda _village: people, roster=roster)


def message(village: int, level: Level, cause: Cause, at_s: int, hazard: str = "flood") -> WarningMessage:
    kind = MessageType.CANCEL if level is Level.NONE else MessageType.UPDATE
    return WarningMessage(
        identifier=f"ws.{CODES[village]}.{hazard}.1",
        warning=f"ws.{CODES[village]}.{hazard}",
        version=1,
        village=village,
        hazard=hazard,
        level=level,
        previous=Level.NONE,
        msg_type=kind,
        status=MessageStatus.ACTUAL,
        cause=cause,
        sent_s=at_s,
        crossed_at_s=at_s,
        onset_s=at_s,
        expires_s=at_s + 3600,
        reason=None,
        blind=False,
        references=(),
    )


@dataclass(slots=True)
class Night:
    """A chain, the time, and every digest of each post."""

    chain: Chain = field(default_factory=new_chain)
    now_s: int = T0
    digests: dict[str, list[Digest]] = field(default_factory=dict)

    def step(self, *inputs: ChainInput, wait_s: int = 0) -> list[Digest]:
        self.now_s += wait_s
        issued = self.chain.step(inputs, self.now_s)
        for digest in issued:
            self.digests.setdefault(digest.post, []).append(digest)
        return issued

    def wait(self, seconds: int, tick_s: int = 10) -> list[Digest]:
        """Let time work, tick by tick."""
        found = []
        for _ in range(seconds // tick_s):
            found += self.step(wait_s=tick_s)
        return found

    def rise(self, level: Level, village: int = 0, hazard: str = "flood", wait_s: int = 0) -> list[Digest]:
        return self.step(message(village, level, Cause.RAISED, self.now_s, hazard), wait_s=wait_s)

    def fall(self, level: Level, village: int = 0, hazard: str = "flood", wait_s: int = 0) -> list[Digest]:
        cause = Cause.LOWERED if level else Cause.ENDED
        return self.step(message(village, level, cause, self.now_s, hazard), wait_s=wait_s)

    def last(self, post: str) -> Digest:
        return self.digests[post][-1]

    def answer(
        self, post: str, answer: Answer = Answer.ACKNOWLEDGED, n: int = 0, wait_s: int = 0
    ) -> list[Digest]:
        """A post answers its last digest, or number n."""
        digest = self.digests[post][n - 1] if n else self.last(post)
        return self.step(PostAnswer(digest.identifier, post, answer), wait_s=wait_s)

    def fail(self, post: str, wait_s: int = 0) -> list[Digest]:
        return self.step(CallFailed(self.last(post).identifier, post), wait_s=wait_s)

    def help_of_door(self, door: str, village: int = 0) -> list[Digest]:
        return self.step(DoorHelp(village, door))

    def take(self, person: str, wait_s: int = 0) -> list[Digest]:
        """The oldest call goes to a person."""
        return self.step(HelpAssign(self.help, "leader", person), wait_s=wait_s)

    def close(self, person: str) -> list[Digest]:
        return self.step(HelpClose(self.help, "leader", person))

    @property
    def help(self) -> str:
        return next(iter(self.chain.helps.of_name))

    def state(self, village: int = 0) -> str:
        return str(self.chain.turns[village].state)

    def restart(self, chain: Chain | None = None) -> None:
        again = chain or new_chain()
        again.restore(self.chain.snapshot(CODES), numbers_of(CODES))
        self.chain = again


def called(digests: list[Digest]) -> list[str]:
    """Posts of some digests, in order."""
    return sorted(digest.post for digest in digests)
