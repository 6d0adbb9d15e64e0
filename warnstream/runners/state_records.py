"""Parts of the situation as the HTTP interface lists them."""

from collections.abc import Mapping, Sequence

import numpy as np

from warnstream.model.arrays import Float64Array
from warnstream.model.signs import Sign
from warnstream.model.times import iso_utc

RATIOS_SHOWN_MAX = 20
"""Villages nearest to critical rainfall that are named."""


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


def ratio_records(
    ratio: Mapping[str, Float64Array], village_codes: Sequence[str]
) -> dict[str, dict[str, float]]:
    """Villages nearest to critical rainfall by hazard, the nearest first."""
    found = {}
    for hazard, of_village in ratio.items():
        known = np.flatnonzero(of_village > 0)
        order = known[np.argsort(-of_village[known], kind="stable")][:RATIOS_SHOWN_MAX]
        found[hazard] = {village_codes[village]: round(float(of_village[village]), 3) for village in order}
    return {hazard: villages for hazard, villages in found.items() if villages}
