"""Signs of people as the HTTP interface lists them."""

from collections.abc import Sequence

from warnstream.model.signs import Sign
from warnstream.model.times import iso_utc


def sign_record(sign: Sign, village_codes: Sequence[str]) -> dict[str, object]:
    """A sign as the HTTP interface lists it."""
    return {
        "sign": sign.sign,
        "village": village_codes[sign.village],
        "kind": sign.kind,
        "state": str(sign.state),
        "reports": sign.n_reports,
        "reporter": sign.reporter,
        "validator": sign.validator or None,
        "note": sign.note,
        "reported_at": iso_utc(sign.reported_at_s),
        "changed_at": iso_utc(sign.changed_at_s),
        "expires": iso_utc(sign.expires_s),
    }
