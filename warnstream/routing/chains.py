"""The chain of what is real and that of exercises, side by side: no digest, number or timer is shared."""

import zlib
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import fields, replace
from functools import partial

import msgspec
from msgspec import structs

from warnstream.model.digests import CallFailed, Digest, FieldReport, HelpAssign, HelpClose
from warnstream.model.effects import Answer, DoorHelp, PostAnswer
from warnstream.model.level import Level
from warnstream.model.network import ChainPost, Network
from warnstream.model.rules.policies import RoutingPolicy
from warnstream.model.warning import Cause, MessageStatus, WarningMessage
from warnstream.routing.audience import Audience
from warnstream.routing.chain import Chain, ChainInput
from warnstream.routing.digests import QUIET, with_ends
from warnstream.routing.help_calls import HelpCall
from warnstream.routing.placing import Placing
from warnstream.routing.reports import PlacedReport
from warnstream.routing.rescue.teams import Teams

Series = Callable[[MessageStatus, str, int], str]
"""Name of a post's sequence of digests, by status, post and when it opened; no two are equal."""

StatedInput = tuple[MessageStatus, ChainInput]
"""An input and the chain that it is for."""


class _Snapshot(msgspec.Struct):
    """State of each chain, by status."""

    chains: dict[MessageStatus, bytes]


class Chains:
    """Both chains of one network.

    Parameters
    ----------
    network : Network
    audience : Audience
    policy : RoutingPolicy
    series : callable
        `Series`.

    Attributes
    ----------
    of : dict of MessageStatus to Chain
    placing : Placing
    roster : Roster
    """

    def __init__(self, network: Network, audience: Audience, policy: RoutingPolicy, series: Series) -> None:
        self._codes, self._number = network.villages.code, network.villages.index_of_name()
        self._post_now = network.posts_were
        self._has_posts = bool(network.chain)
        self._deputized, self.roster = deputized_by(network.chain), network.roster
        self.placing = Placing(network)
        # Villages that have another code, and nothing else: nobody is asked anew for that.
        registers = [_register_of(known, policy) for known in (network, called_before(network))]
        people = network.villages.people
        known = (lambda village: people[village]) if people else (lambda _village: 0)
        self.of = {
            status: Chain(
                audience.ranked_posts,
                policy,
                status,
                partial(series, status),
                registers,
                known,
                teams=Teams(network.chain, network.villages, policy, status, partial(series, status)),
                duties=network.duties,
                posts_were=network.posts_were,
                roster=network.roster,
            )
            for status in MessageStatus
        }

    @property
    def now_s(self) -> int:
        """Time of the last step; -1 before the first."""
        return max(chain.now_s for chain in self.of.values())

    @property
    def faults(self) -> list[str]:
        """Inputs of the last step that could not be; they changed nothing."""
        return [fault for chain in self.of.values() for fault in chain.faults]

    @property
    def ignored(self) -> int:
        """Answers to digests that are not known any more, and calls for help beyond the limit."""
        return sum(chain.ignored for chain in self.of.values())

    @property
    def dry(self) -> list[int]:
        """Villages whose chain ran dry, for real or in an exercise, in order."""
        return sorted({village for chain in self.of.values() for village in chain.dry})

    @property
    def heard_in_part(self) -> set[int]:
        """Dry villages for which somebody has answered, and not everybody needed."""
        chains = self.of.values()
        return {village for chain in chains for village in chain.dry if chain.turns[village].answered}

    @property
    def calls(self) -> list[HelpCall]:
        """Open calls for help, oldest first."""
        found = [call for chain in self.of.values() for call in chain.helps.of_name.values()]
        return sorted(found, key=lambda call: (call.opened_s, call.name))

    def with_ends(self, digest: Digest, ends: Iterable[tuple[int, str, Cause]]) -> Digest:
        """A digest with ends that its post has not been told; see `digests.with_ends`."""
        return with_ends(digest, ends, self.of[digest.status].turns)

    def of_message(self, message: WarningMessage) -> list[StatedInput]:
        """A message as an input; none in a county without any post."""
        return [(message.status, message)] if self._has_posts else []

    def of_post(self, digest: str, post: str, answer: Answer) -> list[StatedInput]:
        """A post's answer, or that of its deputy, as an input; none if neither was ever sent that digest."""
        post = self._post_now.get(post, post)
        return [
            (status, PostAnswer(digest, whose, answer))
            for status, chain in self.of.items()
            for whose in (post, *self._deputized.get(post, ()))
            if chain.number_of(digest, whose)
        ]

    def of_door(self, village: int, door: str, status: MessageStatus) -> list[StatedInput]:
        """A door's call for help as an input."""
        return [(status, DoorHelp(village, door))]

    def of_report(self, report: FieldReport, status: MessageStatus) -> tuple[MessageStatus, PlacedReport]:
        """A post's report as an input; one to a digest is of that digest's chain, another one of `status`."""
        sender = self._post_now.get(report.sender, report.sender)
        report = structs.replace(report, sender=sender)
        for known, chain in self.of.items() if report.message else ():
            for whose in (sender, *self._deputized.get(sender, ())):
                if chain.number_of(report.message, whose):
                    status, report = known, structs.replace(report, sender=whose)
        turns = self.of[status].turns
        placed = self.placing.of_post(report, lambda village: bool(turns.get(village, QUIET).standing))
        return status, placed

    def report_fault(self, status: MessageStatus, placed: PlacedReport) -> str:
        """Why a report cannot be counted, in words; empty if it can."""
        chain, report = self.of[status], placed.report
        # A code that nobody awaits any more keeps no number beside it from counting.
        is_alone = not (report.heads or report.on_duty or report.patrolled)
        no_check = chain.checks.fault_of(report.sender, report.code) if report.code and is_alone else ""
        minutes = report.arrives_min
        if minutes is not None and (fault := chain.teams.fault_of(report.sender, minutes)):
            return fault
        return placed.fault or no_check or chain.reports.fault_as_it_is(placed, chain.now_s)

    def of_failure(self, failure: CallFailed) -> list[StatedInput]:
        """A digest that could not be brought, as an input."""
        failure = replace(failure, post=self._post_now.get(failure.post, failure.post))
        known = (chain.number_of(failure.digest, failure.post) for chain in self.of.values())
        return [(status, failure) for status, n in zip(self.of, known, strict=True) if n]

    def of_action(self, action: HelpAssign | HelpClose) -> list[StatedInput]:
        """What a person does about a call for help, as an input; an unknown call is refused by the step."""
        for status, chain in self.of.items():
            if action.help in chain.helps.of_name:
                return [(status, action)]
        return [(MessageStatus.ACTUAL, action)]

    def fault_of(self, action: HelpAssign | HelpClose) -> str:
        """Why an action about a call for help cannot be, as things stand; empty if it can."""
        ((status, _),) = self.of_action(action)
        return self.of[status].helps.fault_of(action)

    def due_s(self) -> int:
        """When time alone may ring or ask anybody."""
        return min(chain.due_s() for chain in self.of.values())

    def step(self, inputs: Sequence[StatedInput], now_s: int, silenced: Collection[str] = ()) -> list[Digest]:
        """One step of both chains: what people did, then messages; digests to send, worst first."""
        inputs = _people_first(inputs)
        digests = [
            digest
            for status, chain in self.of.items()
            for digest in chain.step((entry for of, entry in inputs if of is status), now_s, silenced)
        ]
        return sorted(digests, key=lambda digest: -digest.level)

    def follow(
        self,
        inputs: Sequence[StatedInput],
        now_s: int,
        issued: Sequence[Digest],
        silenced: Collection[str] = (),
    ) -> None:
        """A step of the past of both chains, and the digests that were issued in it."""
        inputs, now = _people_first(inputs), self._post_now
        issued = [replace(digest, post=now.get(digest.post, digest.post)) for digest in issued]
        for status, chain in self.of.items():
            own = [digest for digest in issued if digest.status is status]
            chain.follow((entry for of, entry in inputs if of is status), now_s, own, silenced)

    def ask_anew(
        self, standing: dict[tuple[MessageStatus, int], dict[str, Level]], *, of_all: bool = True
    ) -> None:
        """After a change of the configuration: as of `Chain.ask_anew`."""
        if self._has_posts:
            for status, chain in self.of.items():
                own = {village: levels for (of, village), levels in standing.items() if of is status}
                chain.ask_anew(own, of_all=of_all)

    def adopt(
        self,
        standing: Iterable[tuple[MessageStatus, int, dict[str, Level], list[str], int]],
        now_s: int,
    ) -> None:
        """What stands, who has answered and the rank called, where an older node knew no digests."""
        if self._has_posts:
            for status, village, levels, answered, rank in standing:
                self.of[status].adopt(village, levels, answered, rank, now_s)

    def snapshot(self) -> bytes:
        """Everything between two steps; `restore` of it continues exactly."""
        chains = {status: chain.snapshot(self._codes) for status, chain in self.of.items()}
        return msgspec.msgpack.encode(_Snapshot(chains))

    def restore(self, state: bytes) -> None:
        """Take up a snapshot. ValueError if it is none."""
        try:
            snapshot = msgspec.msgpack.decode(state, type=_Snapshot)
        except msgspec.MsgspecError as error:
            raise ValueError(f"not a snapshot of the chains: {error}") from None
        for status, chain in self.of.items():
            chain.restore(snapshot.chains[status], self._number)


def called_before(network: Network) -> Network:
    """A network with villages and posts by the codes that they had before; itself where none had one."""
    villages, was = network.villages, network.villages.codes_before()
    posts = {code: before for before, code in network.posts_were.items()}
    if not was and not posts:
        return network
    village = {code: before[-1] for code, before in was.items()}
    chain = (
        replace(row, post=posts.get(row.post, row.post), area=village.get(row.area, row.area))
        for row in network.chain
    )
    codes = tuple(village.get(code, code) for code in villages.code)
    return replace(network, chain=tuple(chain), villages=replace(villages, code=codes, was={}), posts_were={})


def _people_first(inputs: Sequence[StatedInput]) -> list[StatedInput]:
    """Answers before messages, so that a step comes out the same when its messages are read from the log."""
    return sorted(inputs, key=lambda one: isinstance(one[1], WarningMessage))


def deputized_by(chain: Iterable[ChainPost]) -> dict[str, list[str]]:
    """By deputy: the posts for which it answers."""
    found: dict[str, list[str]] = {}
    for post in chain:
        if post.deputy:
            found.setdefault(post.deputy, []).append(post.post)
    return found


def _register_of(network: Network, policy: RoutingPolicy) -> int:
    """A number that changes with posts, the areas of villages, and the policy."""
    villages = network.villages
    known = {field.name: getattr(policy, field.name) for field in fields(policy)}
    if not any(policy.send_person_s):
        del known["send_person_s"]  # nobody is asked anew because a version knows it
    # In order: a set's own is another one in every process, and whoever takes a shard over would ask anew.
    known["part"] = {"number": policy.part.number, "own": sorted(policy.part.own)}
    rows = [msgspec.to_builtins(post) for post in network.chain]
    for row in rows:
        del row["deputy"]  # who is asked does not change with it
    parts = (rows, villages.code, villages.township, villages.county, known)
    return zlib.crc32(msgspec.msgpack.encode(parts))
