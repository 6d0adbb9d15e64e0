"""Records of signs as explanations and lists show them, with names only for whom they concern."""

from collections.abc import Sequence

import msgspec

from warnstream.adapters.http.models.posts import SignRecord
from warnstream.model.network import Network
from warnstream.model.observations.signs import Sign
from warnstream.model.times import iso_utc


def sign_record(sign: Sign, village_codes: Sequence[str], *, names_posts: bool) -> SignRecord:
    """A sign as it is listed; without `names_posts` not who said so, and in which words."""
    record = SignRecord(
        sign=sign.sign,
        village=village_codes[sign.village],
        kind=sign.kind,
        state=str(sign.state),
        reports=sign.n_reports,
        reported_at=iso_utc(sign.reported_at_s),
        changed_at=iso_utc(sign.changed_at_s),
        expires=iso_utc(sign.expires_s),
    )
    if not names_posts:
        return record
    return msgspec.structs.replace(
        record, reporter=sign.reporter, validator=sign.validator or None, note=sign.note
    )


def may_read_names(sign: Sign, network: Network, post: str) -> bool:
    """Whether a post reads who said what of a sign: those that may judge it do, and the one that reported it.

    An empty text is everybody, who does not.
    """
    answers = post in {duty.post for duty in network.posts_of_village(sign.village)}
    return bool(post) and (answers or post == sign.reporter)
