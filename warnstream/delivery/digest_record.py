"""A digest as JSON: in the outbox, on the answer page, in digests.jsonl (docs/desk.md)."""

import msgspec

from warnstream.delivery.bulletin_texts import BulletinTexts, BulletinWording
from warnstream.delivery.digest_texts import digest_texts, help_texts, line_texts
from warnstream.model.digests import Digest, DigestLine, HelpLine
from warnstream.model.level import LEVELS
from warnstream.model.times import iso_utc

SCHEMA_VERSION = 1
"""Counts up when a member changes its meaning or goes; new members do not count."""


def digest_record(digest: Digest, wording: BulletinWording, texts: BulletinTexts) -> bytes:
    """JSON of a digest, without line ends; times ISO 8601 in UTC, null where no answer is needed."""
    return msgspec.json.encode(
        {
            "schema": SCHEMA_VERSION,
            "digest": digest.identifier,
            "post": digest.post,
            "opened": iso_utc(digest.opened_s),
            "n": digest.n,
            "time": iso_utc(digest.issued_s),
            "status": digest.status,
            "level": digest.level.word,
            "answer_by": iso_utc(digest.answer_by_s) if digest.needs_answer else None,
            "reminder": digest.tries,
            "spot_check": bool(digest.code),
            "asks_arrival": digest.asks_arrival,
            "hands_over": digest.hands_over,
            "shift": iso_utc(digest.shift_s) if digest.shift_s else None,
            "for_deputy": _for_deputy(digest, wording),
            "owed": {level.word: digest.owed[level] for level in LEVELS},
            "helps": [_help(call, digest, wording) for call in digest.helps],
            "villages": [_line(line, digest, wording) for line in digest.lines],
            "not_listed": digest.more,
            "text_zh": texts.zh,
            "text_en": texts.en,
        }
    )


def _for_deputy(digest: Digest, wording: BulletinWording) -> dict[str, str] | None:
    """What the deputy of a silent post reads; null where no deputy is rung."""
    if not digest.to_deputy:
        return None
    texts = digest_texts(digest, wording, is_for_deputy=True)
    return {"text_zh": texts.zh, "text_en": texts.en}


def _line(line: DigestLine, digest: Digest, wording: BulletinWording) -> dict[str, object]:
    text_zh, text_en = line_texts(line, digest, wording)
    return {
        "village": wording.network.villages.code[line.village],
        "level": line.level.word,
        "needs_answer": line.needs_answer,
        "standing": [{"hazard": hazard, "level": level.word} for hazard, level in line.standing],
        "changed": [{"hazard": hazard, "cause": cause} for hazard, cause in line.changed],
        "silent": line.silent,
        "heads": dict(line.heads),
        "text_zh": text_zh,
        "text_en": text_en,
    }


def _help(call: HelpLine, digest: Digest, wording: BulletinWording) -> dict[str, object]:
    text_zh, text_en = help_texts(call, digest, wording)
    return {
        "help": call.help,
        "village": wording.network.villages.code[call.village],
        "caller": call.caller,
        "since": iso_utc(call.opened_s),
        "assigned": call.assigned or None,
        "heads": call.heads or None,
        "text_zh": text_zh,
        "text_en": text_en,
    }
