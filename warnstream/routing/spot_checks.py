"""Spot checks (抽查): some digests carry a two-digit code, and the answer has to repeat it.

Whether a post is checked, and by which code, follows from its digest's identifier alone: a replay finds the
same. A post has one check at a time; a newer digest carries it on, since it replaces an older one that was
not sent. Whoever answers without the code has answered: a check asks whether somebody read, and stops no
ringing and starts none. The code of the check before, that comes again or late, changes nothing.
Kept for `LAST_KEPT` checks a post by result, and as counts for ever.
"""

from collections.abc import Sequence
from dataclasses import replace
from hashlib import blake2b

import msgspec

from warnstream.model.digests import Digest
from warnstream.model.times import NEVER_DUE_S

LAST_KEPT = 20
CODE_MIN, CODES = 10, 90
"""Codes are 10 to 99: none is an answer by itself, as 1 to 4 are."""

CODE_SHOWN = 8
"""Characters of a wrong code, in texts."""

_SHARES = 1 << 32


class OpenCheck(msgspec.Struct):
    """A check that awaits its code."""

    code: str
    asked_s: int
    due_s: int
    wrong: int = 0


class Checked(msgspec.Struct, frozen=True):
    """A check that is over: when it was asked, when the right code came (-1: it did not), and that code."""

    asked_s: int
    answered_s: int
    code: str = ""


class PostChecks(msgspec.Struct):
    """All checks of one post; `wrong` counts codes that were not the one asked for."""

    asked: int = 0
    right: int = 0
    silent: int = 0
    wrong: int = 0
    open: OpenCheck | None = None
    last: list[Checked] = []


class SpotChecks:
    """Checks of the posts of one chain.

    Parameters
    ----------
    share : float
        Of the digests that demand an answer; 0: nobody is checked.
    within_s : int
        How long a post has to repeat its code.

    Attributes
    ----------
    of_post : dict of str to PostChecks
    """

    def __init__(self, share: float, within_s: int) -> None:
        self._share, self._within_s = share, within_s
        self.of_post: dict[str, PostChecks] = {}

    @property
    def due_s(self) -> int:
        """When the time of an open check is over; infinite: none is open."""
        return min((known.open.due_s for known in self.of_post.values() if known.open), default=NEVER_DUE_S)

    def mark(self, digests: Sequence[Digest]) -> list[Digest]:
        """Digests about to be issued, some of them with a code."""
        return [self._marked(digest) for digest in digests]

    def follow(self, digest: Digest) -> None:
        """A digest of the past: its post is checked if it carried a code."""
        if digest.code:
            self._ask(digest, digest.code)

    def fault_of(self, post: str, code: str) -> str:
        """Why a code cannot be one, in Chinese and English; empty if the post was asked for one."""
        known = self.of_post.get(post)
        if known is not None and (known.open is not None or _is_old(known, code)):
            return ""
        said = code[:CODE_SHOWN]
        return f"{said}：没有待答的抽查 {said}: no spot check awaits a code"

    def take(self, post: str, code: str, now_s: int) -> str:
        """A code that a post has written; why it is not right, in both languages, empty if it is."""
        if fault := self.fault_of(post, code):
            return fault
        known = self.of_post[post]
        check = known.open
        if check is None or (check.code != code and _is_old(known, code)):
            return ""  # said again, as the newer digest of the same check asks, or too late to count
        if check.code != code:
            check.wrong += 1
            known.wrong += 1
            said = code[:CODE_SHOWN]
            return f"{said}：抽查码不符 {said}: not the code of the spot check"
        known.right += 1
        self._close(known, check, now_s)
        return ""

    def let_time_work(self, now_s: int) -> None:
        """Checks whose time is over have found nobody."""
        for known in self.of_post.values():
            if known.open is not None and known.open.due_s <= now_s:
                known.silent += 1
                self._close(known, known.open, -1)

    def _marked(self, digest: Digest) -> Digest:
        known = self.of_post.get(digest.post)
        if known is not None and known.open is not None:
            return replace(digest, code=known.open.code)
        if not self._share or not digest.needs_answer or digest.tries:
            return digest  # whoever is silent is rung again for that
        drawn = blake2b(digest.identifier.encode(), digest_size=8).digest()
        if int.from_bytes(drawn[:4], "big") >= self._share * _SHARES:
            return digest
        code = str(CODE_MIN + int.from_bytes(drawn[4:], "big") % CODES)
        self._ask(digest, code)
        return replace(digest, code=code)

    def _ask(self, digest: Digest, code: str) -> None:
        known = self.of_post.setdefault(digest.post, PostChecks())
        if known.open is None:
            known.asked += 1
            known.open = OpenCheck(code, digest.issued_s, digest.issued_s + self._within_s)

    def _close(self, known: PostChecks, check: OpenCheck, answered_s: int) -> None:
        known.last = [*known.last, Checked(check.asked_s, answered_s, check.code)][-LAST_KEPT:]
        known.open = None


def _is_old(known: PostChecks, code: str) -> bool:
    """Whether a code was that of the check before: nobody has to find out why it came."""
    return bool(known.last) and known.last[-1].code == code
