"""Records of signs as an explanation shows them, with names only for whom they concern."""

from collections.abc import Sequence

from warnstream.model.network import Network
from warnstream.model.observations.signs import Sign
from warnstream.model.times import iso_utc


def sign_record(sign: Sign, village_codes: Sequence[str], *, names_posts: bool) -> dict[str, object]:
    """A sign as it is listed; without `names_posts` not who said so, and in which words."""
    record: dict[str, object] = {
        "sign": sign.sign,
        "village": village_codes[sign.village],
        "kind": sign.kind,
        "state": str(sign.state),
        "reports": sign.n_reports,
        "reported_at": iso_utc(sign.reported_at_s),
        "changed_at": iso_utc(sign.changed_at_s),
        "expires": iso_utc(sign.expires_s),
    }
    names = {"reporter": sign.reporter, "validator": sign.validator or None, "note": sign.note}
    return record | names if names_posts else record


def may_read_names(sign: Sign, network: Network, post: str) -> bool:
    """Whether a post reads who said what of a sign: those that may judge it do, and the one that reported it.

    An empty text is everybody, who does not.
    """
    answers = post in {one.post for one in network.posts_of_village(sign.village)}
    return bool(post) and (answers or post == sign.reporter)
