"""Reasons that rest on no window of measurements: signs that people saw, levels that cannot be explained."""

import numpy as np

from warnstream.model.changes import UNEXPLAINED, Fact, Reason
from warnstream.model.observations.signs import Sign, SignState
from warnstream.model.rules.indicators import INDICATORS, HazardLevels, Indicator
from warnstream.model.rules.rules import HazardRule


def reason_of_sign(sign: Sign, source: str) -> Reason:
    """A sign that people have seen; names of people are not in it."""
    return Reason(
        indicator=Indicator.SIGN.word,
        station="",
        value=float(sign.n_reports),
        threshold=1.0,
        unit="",
        duration_s=0,
        forecast_value=0.0,
        lead_s=0,
        observed_until_s=sign.changed_at_s,
        coverage=1.0,
        confirmed=sign.state is SignState.VALIDATED,
        source=source,
        facts=(Fact(Indicator.SIGN.word, "", float(sign.n_reports), 1.0, "", note=sign.kind),),
    )


def bare_reason(rule: HazardRule, village: int, found: HazardLevels, now_s: int) -> Reason:
    """What is certain of a level whose reason could not be worked out: enough for the warning to go out.

    Only finite numbers, never confirmed, and nothing that could fail once more.
    """
    value, threshold, expected = (
        float(np.nan_to_num(of_all[village], posinf=0.0, neginf=0.0))
        for of_all in (found.value, found.threshold, found.forecast_value)
    )
    code = int(found.indicator[village])
    is_measured = code in INDICATORS and threshold != 0.0
    indicator = Indicator(code) if is_measured else None
    return Reason(
        indicator=UNEXPLAINED if indicator is None else indicator.word,
        station="",
        value=round(value, 3),
        threshold=round(threshold, 3),
        unit="" if indicator is None else indicator.info.unit,
        duration_s=int(found.duration_s[village]),
        forecast_value=round(expected, 3),
        lead_s=int(found.lead_s[village]),
        observed_until_s=now_s,
        coverage=0.0,
        confirmed=False,
        source=rule.source,
    )
