"""Parts of the situation as the HTTP interface lists them."""

from collections.abc import Mapping, Sequence

import numpy as np

from warnstream.assessment import AssessmentStep
from warnstream.desk import WarningStatus
from warnstream.model.arrays import Float64Array
from warnstream.model.effects import OperatorAffirm
from warnstream.model.network import Network, Villages
from warnstream.model.signs import Sign
from warnstream.model.times import iso_utc

CODES_SHOWN_MAX = 50
"""Silent stations and blind villages that are named; the count is always complete."""
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


def warning_record(warning: WarningStatus, villages: Villages) -> dict[str, object]:
    """An open warning as the HTTP interface lists it."""
    return {
        "warning": warning.warning,
        "village": villages.code[warning.village],
        "name": villages.name[warning.village],
        "hazard": warning.hazard,
        "level": warning.level.word,
        "state": str(warning.state),
        "version": warning.version,
        "crossed_at": iso_utc(warning.crossed_at_s),
        "expires": iso_utc(warning.expires_s),
        "posts_called": len(warning.posts_called),
        "posts_answered": len(warning.posts_answered),
        "answer_by": iso_utc(warning.answer_by_s) if warning.answer_by_s else None,
        "waits_for_affirmation": warning.unaffirmed_s > 0,
    }


def place_records(
    assessed: AssessmentStep, network: Network, levels: Mapping[str, Mapping[str, int]]
) -> dict[str, object]:
    """Stations that report, villages that are blind, and villages by hazard and level."""
    silent, blind = np.flatnonzero(~assessed.is_reporting), np.flatnonzero(assessed.is_blind)
    return {
        "stations": {
            "total": len(network.stations),
            "reporting": int(assessed.is_reporting.sum()),
            "silent": [network.stations.code[index] for index in silent[:CODES_SHOWN_MAX]],
        },
        "villages": {
            "total": len(network.villages),
            "blind": len(blind),
            "blind_codes": [network.villages.code[index] for index in blind[:CODES_SHOWN_MAX]],
            "levels": levels,
        },
    }


def affirm_fault(affirm: OperatorAffirm, standing: Sequence[WarningStatus], network: Network) -> str:
    """Why a post cannot affirm a warning; empty if it can."""
    village = next((one.village for one in standing if one.warning == affirm.warning), None)
    if village is None:
        return f"no warning {affirm.warning!r} stands"
    posts = {post.post for post in network.posts_of_village(village)}
    return "" if affirm.operator in posts else f"{affirm.operator!r} does not answer for that village"
