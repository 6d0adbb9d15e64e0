"""Parts of the last step that failed, as alarms that end when they work again."""

from collections.abc import Mapping, Sequence

from warnstream.model.rules.rules import HazardRule
from warnstream.runners.live.alarms import Alarms


def tell_failures(failures: Mapping[str, str], rules: Sequence[HazardRule], alarms: Alarms) -> None:
    """Hazards that hold their levels, and other parts of the step without which it went on."""
    hazards = {rule.name for rule in rules}
    alarms.end_others("hazard", failures.keys() & hazards)
    alarms.end_others("part", failures.keys() - hazards)
    for part, error in failures.items():
        is_hazard = part in hazards
        what = "evaluated, its levels are held" if is_hazard else "worked out, the rest of the step is"
        kind = "hazard" if is_hazard else "part"
        alarms.raise_alarm(f"{kind}:{part}", f"{part} cannot be {what}: {error}")
