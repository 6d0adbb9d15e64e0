"""digests.jsonl: one line per digest, in the order of issue (docs/desk.md)."""

from collections.abc import Iterable
from pathlib import Path

from warnstream.delivery.bulletin_texts import BulletinWording
from warnstream.delivery.render import render_digest
from warnstream.model.digests import Digest


def write_digests(path: Path, digests: Iterable[Digest], wording: BulletinWording) -> int:
    """Write digests.jsonl; returns the number of lines."""
    return write_digest_records(path, (render_digest(digest, wording).record for digest in digests))


def write_digest_records(path: Path, records: Iterable[bytes]) -> int:
    """Write records as they are, one a line; returns their number."""
    count = 0
    with path.open("wb") as file:
        for record in records:
            file.write(record + b"\n")
            count += 1
    return count
