"""How simulated people answer, and the thread that answers for them when the time has come.

Whether a recipient's phone is off, what it answers and how long it takes
depend on the seed, the recipient and the message only, so a run can be
repeated although notifications arrive in an order that threads decide.
"""

import heapq
import logging
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from station_sim.seeds import share_of

_LOG = logging.getLogger("station_sim.people.answers")

ANSWER_SHARES = (("acknowledged", 0.55), ("moving", 0.25), ("safe", 0.15), ("need_help", 0.05))
"""What people answer to a warning; an all-clear is only acknowledged."""

CARELESS_SHARE = 0.15
"""Share of spot checks whose code a post that answers does not repeat."""

POST_HELP_SHARE = 0.01
"""Share of a post's digests after which it calls for help itself."""

POST_GOES_SHARE = 0.7
"""Share of digests with an open call for help after which a post goes."""

_DELAY_S_MIN = 5.0
_DELAY_S_MAX = 3_600.0


_SIMULATED_POST = re.compile(r"[GV]\d{12}|(?:T|C|RT)\d{4}")
"""`station_sim.county.files`: grid member and head by village, officers of townships and counties, teams."""

_CODE = re.compile("抽查：回复带上([0-9]{2})")
_TEAM = re.compile(r"RT\d{4}")
_TEAM_MINUTES = 15, 90
"""A rescue team says that it is there after so many minutes, at the least and at the most."""

_POST_OF_ONE_VILLAGE = re.compile(r"G\d{12}")
"""A grid member of the simulator's own chain.csv, who counts heads."""


def is_simulated_post(recipient: str) -> bool:
    """Whether a code is one of a post in the simulator's own chain.csv.

    >>> is_simulated_post("G331102901201"), is_simulated_post("H331102901201-001")
    (True, False)
    """
    return _SIMULATED_POST.fullmatch(recipient) is not None


@dataclass(frozen=True, slots=True)
class AnswerHabits:
    """How people answer.

    Attributes
    ----------
    seed : int
    off_share : float
        Share of recipients whose phone is off: they never answer.
    delay_s : float
        Mean time until an answer, simulated seconds; exponential between 5 s and one hour.
    speed : float
        Simulated seconds per second, as the stations' clock; 0 counts as 1.
    absent_share : float or None
        Share of duty posts where nobody is: they are shown everything and never answer. None: `off_share`.
    wrong_post_share : float
        Share of duty posts whose number or device in the list is wrong: what is sent there reaches nobody.
    posts : frozenset of str or None
        Codes of the duty posts; None: those that the simulator's chain.csv has.
    """

    seed: int = 1
    off_share: float = 0.2
    delay_s: float = 180.0
    speed: float = 1.0
    absent_share: float | None = None
    wrong_post_share: float = 0.0
    posts: frozenset[str] | None = None

    def is_post(self, recipient: str) -> bool:
        """Whether a recipient is a post of the responsibility chain, not a household."""
        return is_simulated_post(recipient) if self.posts is None else recipient in self.posts

    def is_absent(self, recipient: str) -> bool:
        """Whether it is a post where nobody is."""
        share = self.off_share if self.absent_share is None else self.absent_share
        return self.is_post(recipient) and share_of(self.seed, recipient, "off") < share

    def has_wrong_number(self, recipient: str) -> bool:
        """Whether it is a post that cannot be reached where the list says."""
        return self.is_post(recipient) and share_of(self.seed, recipient, "post") < self.wrong_post_share

    def answer(
        self, recipient: str, message: str, msg_type: str, text_en: str = ""
    ) -> tuple[str, float] | None:
        """The answer and after how many real seconds it comes; None if this recipient never answers.

        A post reads in the English text of its digest whether somebody calls for help.
        """
        is_off = not self.is_post(recipient) and share_of(self.seed, recipient, "off") < self.off_share
        if is_off or self.is_absent(recipient):
            return None
        share = share_of(self.seed, recipient, message, "delay")
        delay_s = float(np.clip(-self.delay_s * np.log(1.0 - share), _DELAY_S_MIN, _DELAY_S_MAX))
        return self._word(recipient, message, msg_type, text_en), delay_s / (self.speed or 1.0)

    def report(self, recipient: str, message: str, text_zh: str = "") -> dict[str, object]:
        """What a post reports beside its answer to a digest: itself on duty, and heads of its one village.

        Some villages have people who will not go. A spot check is answered by its code, but by those who
        do not read what they answer.
        """
        if "几分钟到" in text_zh:
            least, most = _TEAM_MINUTES
            minutes = least + int(share_of(self.seed, recipient, "arrives") * (most - least))
            return {"message": message, "arrives_min": minutes}
        if _TEAM.fullmatch(recipient) is not None:
            return {"on_duty": True}
        code = _CODE.search(text_zh)
        if code is not None and share_of(self.seed, recipient, message, "code") >= CARELESS_SHARE:
            return {"code": code[1], **self.report(recipient, message)}
        if _POST_OF_ONE_VILLAGE.fullmatch(recipient) is None:
            return {"on_duty": True}
        to_move = 5 + int(share_of(self.seed, recipient, "to_move") * 60)
        refused = int(share_of(self.seed, recipient, "refused") * 3)
        moved = int((to_move - refused) * share_of(self.seed, recipient, message, "moved"))
        heads = {"to_move": to_move, "moved": moved, "refused": refused}
        return {"on_duty": True, "message": message, **heads}

    def _word(self, recipient: str, message: str, msg_type: str, text_en: str) -> str:
        if msg_type == "Cancel":
            return ANSWER_SHARES[0][0]
        left = share_of(self.seed, recipient, message, "answer")
        if self.is_post(recipient):
            return _word_of_post(left, is_called="HELP" in text_en)
        for word, share in ANSWER_SHARES:
            if left < share:
                return word
            left -= share
        return ANSWER_SHARES[0][0]


def _word_of_post(share: float, *, is_called: bool) -> str:
    """Posts go where they are called, and seldom need help themselves."""
    if is_called and share < POST_GOES_SHARE:
        return "moving"
    return "need_help" if share >= 1.0 - POST_HELP_SHARE else "acknowledged"


class AnswerTimer:
    """Runs actions after a delay, in one thread, in order of their time.

    What is not due when it stops is dropped.
    """

    def __init__(self, monotonic_s: Callable[[], float] = time.monotonic) -> None:
        self._monotonic_s = monotonic_s
        self._changed = threading.Condition()
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._n_planned = 0
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="station-sim-answers", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Drop what is not due and end the thread."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        if self._thread.is_alive():
            self._thread.join()

    def after(self, delay_s: float, action: Callable[[], None]) -> None:
        """Plan an action."""
        with self._changed:
            # The number keeps actions of one time in the order in which they were planned.
            self._n_planned += 1
            heapq.heappush(self._due, (self._monotonic_s() + delay_s, self._n_planned, action))
            self._changed.notify()

    def _run(self) -> None:
        while (action := self._next()) is not None:
            try:
                action()
            except Exception:  # noqa: BLE001  one answer that fails must not silence the others
                _LOG.exception("an answer could not be sent")

    def _next(self) -> Callable[[], None] | None:
        """Wait for the next action; None when stopping."""
        with self._changed:
            while not self._stopping:
                wait_s = self._due[0][0] - self._monotonic_s() if self._due else None
                if wait_s is not None and wait_s <= 0:
                    return heapq.heappop(self._due)[2]
                self._changed.wait(wait_s)
            return None
