"""Call and answer: duty posts are called rank by rank until one of them answers.

A first alert or a raise calls the lowest rank and everybody called before, and
demands an answer. Nobody answers in time: the next rank is called, up to the
top. One answer stops the climb until the level is raised again. Delivered or
read is no answer. At most one rank is called per step of the desk.
"""

from dataclasses import dataclass, replace

from warnstream.model.network import ChainPost


@dataclass(frozen=True, slots=True)
class ChainState:
    """Who has been called for one warning, and who has answered.

    Attributes
    ----------
    called : tuple of str
        Posts, in the order of calling.
    answered : tuple of str
        Posts that answered since the last raise.
    demanded_version : int
        Version of the warning that last demanded answers; 0 if none did.
    rank : int
        Highest rank called.
    answer_by_s : int
        When the next rank is called; 0: nobody waits for an answer.
    """

    called: tuple[str, ...] = ()
    answered: tuple[str, ...] = ()
    demanded_version: int = 0
    rank: int = 0
    answer_by_s: int = 0

    def is_overdue(self, now_s: int) -> bool:
        """An answer was demanded, the time is over, and nobody answered."""
        return 0 < self.answer_by_s <= now_s


def demand(
    chain: ChainState, posts: tuple[ChainPost, ...], version: int, answer_by_s: int
) -> tuple[ChainState, list[ChainPost]]:
    """Call the lowest rank and everybody called before; earlier answers no longer count.

    Parameters
    ----------
    chain : ChainState
    posts : tuple of ChainPost
        All posts of the village, nearest rank first.
    version : int
        Version of the warning that people must answer.
    answer_by_s : int
        0 demands no answer.
    """
    lowest = min((post.rank for post in posts), default=0)
    to_call = [post for post in posts if post.rank == lowest or post.post in chain.called]
    rank = max((post.rank for post in to_call), default=0)
    is_waiting = answer_by_s if to_call else 0
    return ChainState(_merged(chain.called, to_call), (), version, rank, is_waiting), to_call


def escalate(
    chain: ChainState, posts: tuple[ChainPost, ...], answer_by_s: int
) -> tuple[ChainState, list[ChainPost], str]:
    """Call the next rank; nobody, and no more waiting, where there is none.

    Returns
    -------
    ChainState
    list of ChainPost
        Posts to call.
    str
        Posts of the rank that did not answer, comma-separated.
    """
    above = [post for post in posts if post.rank > chain.rank]
    if not above:
        return replace(chain, answer_by_s=0), [], ""
    rank = above[0].rank
    to_call = [post for post in above if post.rank == rank]
    silent = dict.fromkeys(post.post for post in posts if post.rank == chain.rank)
    called = _merged(chain.called, to_call)
    return replace(chain, called=called, rank=rank, answer_by_s=answer_by_s), to_call, ",".join(silent)


def answer(chain: ChainState, post: str, version: int) -> ChainState:
    """Count an answer of a called post; one to a version before the last raise changes nothing."""
    if version < chain.demanded_version or post in chain.answered:
        return chain
    return replace(chain, answered=(*chain.answered, post), answer_by_s=0)


def call(chain: ChainState, posts: list[ChainPost]) -> ChainState:
    """Count posts among those called: they are told what the others know."""
    return replace(chain, called=_merged(chain.called, posts))


def stop(chain: ChainState) -> ChainState:
    """Wait for no answer any more; who was called stays known."""
    return replace(chain, answer_by_s=0)


def posts_called(chain: ChainState, posts: tuple[ChainPost, ...]) -> list[ChainPost]:
    """Posts that know of this warning, nearest rank first."""
    return [post for post in posts if post.post in chain.called]


def _merged(called: tuple[str, ...], more: list[ChainPost]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*called, *(post.post for post in more))))
