"""The Atom feed (RFC 4287) of CAP messages, in pages (RFC 5005, section 3).

Every message as it was issued is an entry of its own and never changes: an Update is another entry than its
Alert, and a CAP document stands behind each. Ids are made of the messages' names alone, so they stay when
the node moves.
"""

import uuid
from collections.abc import Sequence
from urllib.parse import quote
from xml.sax.saxutils import escape, quoteattr

from warnstream.adapters.channels.channel import EXERCISE_MARK_EN, EXERCISE_MARK_ZH, with_exercise_mark
from warnstream.adapters.outbox.cap_messages import CapMessage
from warnstream.model.level import Level
from warnstream.model.times import iso_utc
from warnstream.model.warning import MessageStatus

FEED_PATH = "/cap/feed.atom"
PAGE_MAX = 500
"""Entries of a page."""

NOTHING_YET_S = 0
"""`updated` of a feed without entries; Atom demands a time."""


def feed(node: str, base: str, page: Sequence[CapMessage], before: int | None) -> bytes:
    """A page of the feed.

    Parameters
    ----------
    node : str
        Name of the node, its author.
    base : str
        Address of the node, without a slash at its end.
    page : sequence of CapMessage
        Newest first; one more than `PAGE_MAX` if there is another page.
    before : int or None
        Number before which the page begins; None for the first one.
    """
    shown, more = page[:PAGE_MAX], page[PAGE_MAX:]
    here = FEED_PATH if before is None else f"{FEED_PATH}?before={before}"
    links = [_link("self", f"{base}{here}"), _link("first", f"{base}{FEED_PATH}")]
    if more:
        links.append(_link("next", f"{base}{FEED_PATH}?before={shown[-1].number}"))
    updated = iso_utc(max((message.sent_s for message in shown), default=NOTHING_YET_S))
    head = (
        f"<id>{_id_of(node)}</id><title>{escape(node)}: CAP</title><updated>{updated}</updated>"
        f"<author><name>{escape(node)}</name></author>{''.join(links)}"
    )
    entries = "".join(_entry(message, base) for message in shown)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<feed xmlns="http://www.w3.org/2005/Atom">{head}{entries}</feed>\n'
    ).encode()


def _entry(message: CapMessage, base: str) -> str:
    status = MessageStatus(message.status)
    title = with_exercise_mark(message.text_zh, EXERCISE_MARK_ZH, status)
    summary = with_exercise_mark(message.text_en, EXERCISE_MARK_EN, status)
    sent = iso_utc(message.sent_s)
    document = _link("alternate", f"{base}/cap/messages/{quote(message.identifier)}", "application/cap+xml")
    terms = {
        "urn:warnstream:hazard": message.hazard,
        "urn:warnstream:level": Level(message.level).word,
        "urn:warnstream:village": message.village,
        "urn:oasis:names:tc:emergency:cap:1.2:msgType": message.msg_type,
        "urn:oasis:names:tc:emergency:cap:1.2:status": message.status,
    }
    categories = "".join(
        f"<category scheme={quoteattr(scheme)} term={quoteattr(term)}/>" for scheme, term in terms.items()
    )
    return (
        f"<entry><id>{_id_of(message.identifier)}</id><title>{escape(title)}</title>"
        f"<updated>{sent}</updated><published>{sent}</published>{document}{categories}"
        f'<summary xml:lang="en">{escape(summary)}</summary></entry>'
    )


def _link(relation: str, address: str, media: str = "application/atom+xml") -> str:
    return f"<link rel={quoteattr(relation)} type={quoteattr(media)} href={quoteattr(address)}/>"


def _id_of(name: str) -> str:
    return f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, f'urn:warnstream:{name}')}"
