"""How long each link of the chain took: median and worst of what passed it, and what never did."""

import statistics
from collections.abc import Iterable
from dataclasses import dataclass

from warnstream.review.record.model import Link

ORDER = ("crossed_judged", "judged_written", "written_sent", "sent_delivered", "issued_answered")
"""Links from the crossing to the answer."""


@dataclass(frozen=True, slots=True)
class Passage:
    """Somebody, or something, went through a link, or began to.

    `took_s` is None where it never came to an end; `is_late`: after the time that was allowed.
    """

    link: str
    kind: str
    group: str
    took_s: float | None
    village: str = ""
    who: str = ""
    rank: int = 0
    is_late: bool = False


def links_of(passages: Iterable[Passage]) -> tuple[Link, ...]:
    """Figures of each link by kind and group, in the order of the chain.

    Examples
    --------
    >>> passed = [Passage("issued_answered", "post", "grid", took_s, rank=1) for took_s in (60, 300, None)]
    >>> [(link.n, link.n_none, link.median_s, link.worst_s) for link in links_of(passed)]
    [(2, 1, 180.0, 300)]
    """
    groups: dict[tuple[int, int, str, str], list[Passage]] = {}
    for passage in passages:
        key = (ORDER.index(passage.link), passage.rank, passage.kind, passage.group)
        groups.setdefault(key, []).append(passage)
    return tuple(_link(passed) for _, passed in sorted(groups.items(), key=lambda one: one[0]))


def _link(passed: list[Passage]) -> Link:
    first = passed[0]
    ended = [passage for passage in passed if passage.took_s is not None]
    took_s = [passage.took_s for passage in ended if passage.took_s is not None]
    worst = max(ended, key=lambda passage: passage.took_s or 0.0, default=None)
    return Link(
        link=first.link,
        kind=first.kind,
        group=first.group,
        rank=first.rank,
        n=len(ended),
        n_none=len(passed) - len(ended),
        n_late=sum(passage.is_late for passage in ended),
        median_s=float(statistics.median(took_s)) if took_s else None,
        worst_s=None if worst is None else worst.took_s,
        worst_village="" if worst is None else worst.village,
        worst_who="" if worst is None else worst.who,
    )
