"""A bulletin as JSON: on the village's topic, in the outbox, in bulletins.jsonl (docs/bulletins.md)."""

import msgspec

from warnstream.delivery.bulletin_texts import BulletinTexts
from warnstream.model.bulletins import Bulletin
from warnstream.model.times import iso_utc

SCHEMA_VERSION = 1
"""Counts up when a member changes its meaning or goes; new members do not count."""


def bulletin_record(bulletin: Bulletin, village_code: str, texts: BulletinTexts) -> bytes:
    """JSON of a bulletin, without line ends; times ISO 8601 in UTC, numbers that nobody has are null."""
    evidence = bulletin.evidence
    facts = None
    if evidence is not None:
        facts = msgspec.to_builtins(evidence) | {"observed_until": iso_utc(evidence.observed_until_s)}
        del facts["observed_until_s"]
        if evidence.relayed is not None:
            facts["relayed"]["sent"] = iso_utc(facts["relayed"].pop("sent_s"))
    return msgspec.json.encode(
        {
            "schema": SCHEMA_VERSION,
            "bulletin": bulletin.identifier,
            "village": village_code,
            "opened": iso_utc(bulletin.opened_s),
            "n": bulletin.n,
            "time": iso_utc(bulletin.issued_s),
            "action": bulletin.action,
            "level": bulletin.worst.word,
            "standing": [
                {"hazard": warning.hazard, "level": warning.level.word} for warning in bulletin.standing
            ],
            "ended": bulletin.ended,
            "cause": bulletin.cause,
            "status": bulletin.status,
            "people_were_asked_to_go": bulletin.has_moved,
            "text_zh": texts.zh,
            "text_en": texts.en,
            "evidence": facts,
        }
    )
