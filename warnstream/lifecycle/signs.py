"""The life of a sign that people see: reported, validated or rejected, renewed, expired.

Rule 1: everything that affects the state of a sign lives in this file.

Of one kind one sign stands in a village at a time; whoever sees it again
renews it. A named post of the village's responsibility chain validates or
rejects it, and never its own report. What cannot be is refused and changes
nothing.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum

import msgspec

from warnstream.model.network import Network
from warnstream.model.observations.signs import (
    STANDING,
    Sign,
    SignPolicy,
    SignReport,
    SignState,
    SignVerdict,
    VillageSigns,
)
from warnstream.model.times import compact_utc

ENDED_KEPT_MAX = 200
"""Signs that are over and still listed, the newest."""

SNAPSHOT_FORMAT = 1


class SignSignal(StrEnum):
    """What can happen to a sign."""

    REPORT = "report"
    VALIDATE = "validate"
    REJECT = "reject"
    EXPIRE = "expire"


TRANSITIONS: dict[tuple[SignState, SignSignal], SignState] = {
    (SignState.REPORTED, SignSignal.REPORT): SignState.REPORTED,
    (SignState.REPORTED, SignSignal.VALIDATE): SignState.VALIDATED,
    (SignState.REPORTED, SignSignal.REJECT): SignState.REJECTED,
    (SignState.REPORTED, SignSignal.EXPIRE): SignState.EXPIRED,
    (SignState.VALIDATED, SignSignal.REPORT): SignState.VALIDATED,
    (SignState.VALIDATED, SignSignal.VALIDATE): SignState.VALIDATED,
    (SignState.VALIDATED, SignSignal.REJECT): SignState.REJECTED,
    (SignState.VALIDATED, SignSignal.EXPIRE): SignState.EXPIRED,
}
"""What is over stays over: a new report opens a new sign."""


class _Snapshot(msgspec.Struct):
    format: int
    village_codes: list[str]
    signs: list[Sign]


class SignBook:
    """All signs of one network.

    Parameters
    ----------
    network : Network
    policy : SignPolicy

    Attributes
    ----------
    refused : list of (SignReport or SignVerdict, str)
        Of the last step: what could not be, and why.
    """

    def __init__(self, network: Network, policy: SignPolicy) -> None:
        self._network = network
        self._policy = policy
        self._kinds = frozenset(kind.kind for kind in policy.kinds)
        self._village = network.villages.index_of_code()
        self._standing: dict[tuple[int, str], Sign] = {}
        self._ended: deque[Sign] = deque(maxlen=ENDED_KEPT_MAX)
        self.refused: list[tuple[SignReport | SignVerdict, str]] = []

    def step(self, inputs: Sequence[SignReport | SignVerdict], now_s: int) -> None:
        """Take what people say, in order, then let time work."""
        self.refused = []
        for input_ in inputs:
            fault = self.fault_of(input_)
            if fault:
                self.refused.append((input_, fault))
            elif isinstance(input_, SignReport):
                self._take_report(input_, now_s)
            else:
                self._take_verdict(input_, now_s)
        for sign in [sign for sign in self._standing.values() if now_s >= sign.expires_s]:
            self._move(sign, SignSignal.EXPIRE, now_s)

    def standing(self) -> VillageSigns:
        """Signs that stand now."""
        signs = sorted(self._standing.values(), key=lambda sign: (sign.village, sign.kind))
        return VillageSigns(tuple(signs), len(self._network.villages))

    def all(self) -> list[Sign]:
        """Signs that stand, then those that are over, the newest first."""
        return [*self.standing().standing, *reversed(self._ended)]

    def fault_of(self, said: SignReport | SignVerdict) -> str:
        """Why a report or verdict cannot be; empty if it can."""
        return self._fault_of_report(said) if isinstance(said, SignReport) else self._fault_of_verdict(said)

    def _fault_of_report(self, said: SignReport) -> str:
        if said.village not in self._village:
            return f"unknown village {said.village!r}"
        if said.kind not in self._kinds:
            return f"unknown kind of sign {said.kind!r}: expected one of {', '.join(sorted(self._kinds))}"
        return "" if said.reporter else "a report names who reports"

    def _fault_of_verdict(self, said: SignVerdict) -> str:
        sign = next(
            (standing for standing in list(self._standing.values()) if standing.sign == said.sign), None
        )
        if sign is None:
            return f"no sign {said.sign!r} stands"
        posts = {post.post for post in self._network.posts_of_village(sign.village)}
        if said.validator not in posts:
            return f"{said.validator!r} is no post that answers for the village of {said.sign}"
        if said.validator == sign.reporter:
            return f"{said.validator!r} reported {said.sign} and cannot judge it"
        return ""

    def snapshot(self) -> bytes:
        """Everything between two steps; `restore` of it continues exactly."""
        signs = [*self._ended, *self._standing.values()]
        codes = [self._network.villages.code[sign.village] for sign in signs]
        return msgspec.msgpack.encode(_Snapshot(SNAPSHOT_FORMAT, codes, signs))

    def restore(self, state: bytes) -> None:
        """Take up a snapshot; signs of villages that are gone are dropped. ValueError if it is none."""
        try:
            snapshot = msgspec.msgpack.decode(state, type=_Snapshot)
        except msgspec.MsgspecError as error:
            raise ValueError(f"not a snapshot of signs: {error}") from None
        self._standing.clear()
        self._ended.clear()
        for code, sign in zip(snapshot.village_codes, snapshot.signs, strict=True):
            if code in self._village:
                self._keep(replace(sign, village=self._village[code]))

    def _take_report(self, report: SignReport, now_s: int) -> None:
        village = self._village[report.village]
        known = self._standing.get((village, report.kind))
        if known is not None:
            note = report.note or known.note
            self._move(replace(known, n_reports=known.n_reports + 1, note=note), SignSignal.REPORT, now_s)
            return
        name = f"{report.village}.{report.kind}.{compact_utc(now_s)}"
        repeated = sum(sign.sign.startswith(name) for sign in self._ended)
        self._keep(
            Sign(
                sign=f"{name}-{repeated + 1}" if repeated else name,
                village=village,
                kind=report.kind,
                state=SignState.REPORTED,
                reporter=report.reporter,
                validator="",
                note=report.note,
                reported_at_s=now_s,
                changed_at_s=now_s,
                expires_s=now_s + self._policy.expires_s,
                n_reports=1,
            )
        )

    def _take_verdict(self, verdict: SignVerdict, now_s: int) -> None:
        sign = next(standing for standing in self._standing.values() if standing.sign == verdict.sign)
        sign = replace(sign, validator=verdict.validator, note=verdict.note or sign.note)
        self._move(sign, SignSignal.VALIDATE if verdict.is_validated else SignSignal.REJECT, now_s)

    def _move(self, sign: Sign, signal: SignSignal, now_s: int) -> None:
        state = TRANSITIONS[sign.state, signal]
        renews = state in STANDING
        self._keep(
            replace(
                sign,
                state=state,
                changed_at_s=sign.changed_at_s if state is sign.state else now_s,
                expires_s=now_s + self._policy.expires_s if renews else sign.expires_s,
            )
        )

    def _keep(self, sign: Sign) -> None:
        if sign.state in STANDING:
            self._standing[sign.village, sign.kind] = sign
            return
        self._standing.pop((sign.village, sign.kind), None)
        self._ended.append(sign)
