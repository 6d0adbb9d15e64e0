"""What a rule may ask a weather model."""

from warnstream.config.thresholds.expected_levels import PROBABILITY_MAX, PROBABILITY_MIN
from warnstream.config.yaml.quantities import format_duration
from warnstream.model.runs.model_run import FAR_STEP_S, REACH_S_MAX

NO_MODEL = (
    "expected forecasts in warnstream.yaml: without a weather model nobody knows a probability that far"
)


def model_faults(ahead_s: int, probability: float, reach_s: int | None) -> list[tuple[str, str]]:
    """What is wrong with a term as (key, sentence); `reach_s` as of `RuleContext.model_reach_s`."""
    faults = []
    if ahead_s % FAR_STEP_S or ahead_s > REACH_S_MAX:
        faults.append(("forecast_rain", f"expected whole hours up to {format_duration(REACH_S_MAX)}"))
    if not PROBABILITY_MIN <= probability <= PROBABILITY_MAX:
        expected = f"expected a probability from {PROBABILITY_MIN:.0%} to {PROBABILITY_MAX:.0%}"
        faults.append(("probability", expected))
    if reach_s == 0:
        faults.append(("probability", NO_MODEL))
    elif reach_s is not None and ahead_s > reach_s:
        longest = format_duration(reach_s) if reach_s > 0 else "nothing"
        expected = f"expected at most {longest}: reach of forecasts, less max_age"
        faults.append(("forecast_rain", expected))
    return faults
