"""Of each post how often it was called, how often and how fast it answered, what it reported.

A call begins with a digest that asks for everything its post owes, and is over with the post's answer, or
when the post owes nothing any more without having answered. Counted for ever, over restarts and changes of
the register; spot checks are counted beside it (`warnstream.routing.spot_checks`).
"""

from collections.abc import Iterable, Mapping

import msgspec

from warnstream.model.digests import Digest
from warnstream.routing.debts import NEVER, Debt


class Sheet(msgspec.Struct):
    """One post.

    Attributes
    ----------
    called, answered : int
        Calls, and those of them that it answered.
    reminded : int
        Digests that rang it again.
    reports : int
        Reports of it that were counted.
    answer_s : int
        Seconds of all answers together, each from the call.
    open_since_s : int
        Begin of the call that awaits an answer; NEVER: none does.
    last_called_s, last_answered_s : int
        NEVER where that has not happened.
    """

    called: int = 0
    answered: int = 0
    reminded: int = 0
    reports: int = 0
    answer_s: int = 0
    open_since_s: int = NEVER
    last_called_s: int = NEVER
    last_answered_s: int = NEVER


class Sheets:
    """Sheets of one chain.

    Attributes
    ----------
    of_post : dict of str to Sheet
        Of those that were ever called, or have reported.
    """

    def __init__(self) -> None:
        self.of_post: dict[str, Sheet] = {}

    def issued(self, digests: Iterable[Digest], debts: Mapping[str, Debt]) -> None:
        """Digests go out."""
        for digest in digests:
            sheet = self._sheet(digest.post)
            if not digest.needs_answer:
                sheet.open_since_s = NEVER
                continue
            sheet.reminded += digest.tries > 0
            if sheet.open_since_s == NEVER or _asks_for_all(digest, debts.get(digest.post)):
                sheet.called += 1
                sheet.open_since_s = sheet.last_called_s = digest.issued_s

    def answered(self, post: str, now_s: int) -> None:
        """A post has answered what it owed."""
        sheet = self._sheet(post)
        if sheet.open_since_s != NEVER:
            sheet.answered += 1
            sheet.answer_s += now_s - sheet.open_since_s
            sheet.open_since_s, sheet.last_answered_s = NEVER, now_s

    def reported(self, post: str) -> None:
        """A report of a post was counted."""
        self._sheet(post).reports += 1

    def _sheet(self, post: str) -> Sheet:
        return self.of_post.setdefault(post, Sheet())


def _asks_for_all(digest: Digest, debt: Debt | None) -> bool:
    """Whether everything that a post owes was asked first by this digest: what it owed before is settled."""
    if debt is None or digest.tries:
        return False
    return all(owed.first_n == digest.n for owed in debt.owed.values() if not owed.has_lapsed)
