"""When a box that stands by comes to lead where there is a witness: by itself, by a person's word, or not."""

import logging
import ssl
import threading
import time
from collections.abc import Callable
from typing import Protocol

from warnstream.adapters.standby.messages import Hello
from warnstream.config.settings import StandbySettings
from warnstream.runners.witness.server import steady_s
from warnstream.runners.witness.watch import WitnessWatch

log = logging.getLogger(__name__)

AGAIN_S = 2.0
"""Between two questions."""

MORE_S = 5.0
"""Beyond the time of a lease: a box that still holds it then is alive."""


ALIVE = (
    "the witness holds the right for {holder} (term {term}): that box is alive and leads. Stop it first; or "
    "start this box without standby.witness, and see that nobody else leads"
)


class Linked(Protocol):
    """How things stand with the other box."""

    is_linked: bool


class Follows(Protocol):
    """A box that stands by, as far as it matters here."""

    @property
    def link(self) -> Linked:
        """How things stand with the other box."""

    def reasons(self) -> list[str]:
        """How things stand, in sentences."""


class Claims:
    """Of one box.

    Parameters
    ----------
    watch : WitnessWatch
    other : str
        Name of the other box.
    """

    def __init__(self, watch: WitnessWatch, other: str) -> None:
        self.watch, self._other = watch, other
        self._asked_s = float("-inf")
        self._is_lent, self._by_itself = 0, False
        self._said = ""

    def reasons(self, follower: Follows) -> list[str]:
        """For /readyz of a box that stands by."""
        found = follower.reasons()
        if trouble := self.watch.said():
            found.append(trouble)
        if self._said and not follower.link.is_linked:
            found.append(self._said)
        return found

    def is_lent_by_itself(self, term: int) -> bool:
        """Whether the other box has been silent for so long that the witness lends the right to this one."""
        now_s = steady_s()
        if not term or now_s - self._asked_s < AGAIN_S or not self.watch.heir.may_ask(now_s):
            return False
        self._asked_s = now_s
        if why := self.watch.why_not_by_itself():
            self._tell(f"it does not take over by itself: {why}")
            return False
        answer = self.watch.claim(term + 1)
        if answer is not None and answer.is_lent:
            log.critical(
                "the other box is silent, the witness lets this one lead", extra={"other": self._other}
            )
            self._is_lent, self._by_itself = term + 1, True
            return True
        self.watch.claimed_no_more()
        if answer is None:
            self._tell(
                f"it does not take over by itself: {self.watch.said() or 'it has just confirmed something'}"
            )
        else:
            self._tell(
                f"it does not take over by itself: the witness holds the right for {answer.holder} (term "
                f"{answer.term}) for {answer.left_s:.0f} s more"
            )
        return False

    def _tell(self, text: str) -> None:
        if text.partition(" for ")[0] != self._said.partition(" for ")[0]:
            log.warning("no takeover", extra={"why": text})
        self._said = text

    def why_not_by_hand(self, term: int, stopping: threading.Event) -> str:
        """Why the witness does not let this box lead, though a person wants it; empty: it does."""
        return self._lent(term + 1, stopping, is_given=False)

    def _lent(self, term: int, stopping: threading.Event, *, is_given: bool) -> str:
        until = time.monotonic() + self.watch.right.lease_s + MORE_S
        while True:
            answer = self.watch.claim(term, is_given=is_given, is_patient=False)
            if answer is None:
                log.critical(
                    "the witness does not answer: this box leads by a person's word", extra={"term": term}
                )
                self.watch.lead_by_hand()
                self._is_lent = term
                return ""
            if answer.is_lent:
                self._is_lent = term
                return ""
            if answer.trouble or answer.term >= term or time.monotonic() > until or stopping.wait(1.0):
                self.watch.claimed_no_more()
                return answer.trouble or ALIVE.format(holder=answer.holder, term=answer.term)

    def settle(self, term: int, how: str, stopping: threading.Event) -> tuple[str, str]:
        """Before this box leads in the next term: how it came to, and why it may not, empty: it may."""
        is_lent, self._is_lent = self._is_lent == term + 1, 0
        by_itself, self._by_itself = self._by_itself, False
        if not is_lent and (why := self._lent(term + 1, stopping, is_given=how == "handed over")):
            return how, why
        self._is_lent = 0
        self.watch.claimed_no_more()
        self._said = ""
        return ("by itself" if by_itself else how), ""


def claims_of(
    standby: StandbySettings, name: str, context: ssl.SSLContext | None, hello: Callable[[], Hello]
) -> Claims | None:
    """Of a box by its name; None where there is no witness."""
    if standby.witness is None:
        return None
    return Claims(WitnessWatch(standby.witness, context, hello), standby.other(name).name)
