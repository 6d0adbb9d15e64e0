"""Signals of other services, relayed: a rainstorm signal is the met service's, never worked out here.

The level of a village is that of the worst signal that is in force there and that the table knows; it
stands until the signal expires or is cancelled, and falls at once. Nothing is measured, so nothing is blind.
"""

from collections.abc import Iterator

import numpy as np

from warnstream.hazards.sources import Needs
from warnstream.model.alerts.relaying import RelayedSignal, RelayTable, StandingAlerts, StandingInfo
from warnstream.model.arrays import BoolArray
from warnstream.model.changes import Reason
from warnstream.model.level import Level
from warnstream.model.rules.comparison import Comparison
from warnstream.model.rules.indicators import HazardLevels, Indicator, no_levels
from warnstream.model.rules.rules import HazardRule

_CERTAINTY_OF = {"Observed": "Observed", "Possible": "Possible", "Unlikely": "Possible"}
"""CAP's word of the issuer as the limit of ours; one that says nothing certain is Likely."""


def needs(_rule: HazardRule) -> Needs:
    """Nothing of any station."""
    return Needs()


def evaluate(rule: HazardRule, alerts: StandingAlerts, n_places: int) -> HazardLevels:
    """Level of every place by the signals that are in force.

    Parameters
    ----------
    rule : HazardRule
        With `RelayTable` thresholds.
    alerts : StandingAlerts
    n_places : int
    """
    found = no_levels(n_places, Indicator.RELAYED)
    found.can_fall[:] = True
    for _, signal, concerned in _signals(rule, alerts):
        np.maximum(found.level, concerned * np.uint8(signal.level), out=found.level)
    found.holding[:] = found.level
    found.value[:] = np.where(found.level > 0, found.level, np.nan)
    found.threshold[:] = found.value
    return found


def compare(rule: HazardRule, alerts: StandingAlerts, place: int) -> list[Comparison]:
    """Every signal that is in force at one place."""
    return [
        Comparison(
            Indicator.RELAYED,
            float(signal.level),
            tuple(float(level) if level == signal.level else np.nan for level in Level if level),
            signal.level,
            note=_note(rule, standing, signal),
        )
        for standing, signal in _here(rule, alerts, place)
    ]


def reason(rule: HazardRule, alerts: StandingAlerts, place: int) -> Reason | None:
    """Whose signal gives a place its level; of equal ones the newest. None where none is in force."""
    here = _here(rule, alerts, place)
    if not here:
        return None
    standing, signal = max(here, key=lambda one: (one[1].level, one[0].alert.sent_s))
    table, alert = table_of(rule), standing.alert
    return Reason(
        indicator=Indicator.RELAYED.word,
        station="",
        value=float(signal.level),
        threshold=float(signal.level),
        unit="",
        duration_s=0,
        forecast_value=0.0,
        lead_s=0,
        observed_until_s=alert.sent_s,
        coverage=1.0,
        confirmed=True,
        source=rule.source,
        certainty=_CERTAINTY_OF.get(standing.info.certainty, "Likely"),
        relayed=table.relayed(alert, standing.info, signal),
    )


def _here(rule: HazardRule, alerts: StandingAlerts, place: int) -> list[tuple[StandingInfo, RelayedSignal]]:
    return [(standing, signal) for standing, signal, there in _signals(rule, alerts) if there[place]]


def _signals(
    rule: HazardRule, alerts: StandingAlerts
) -> Iterator[tuple[StandingInfo, RelayedSignal, BoolArray]]:
    """Signals in force that the table knows, and the places of each."""
    table = table_of(rule)
    for standing in alerts.infos:
        if table.issuer_of(standing.alert) is None:
            continue
        signal = table.signal_of(standing.info)
        if signal is not None:
            yield standing, signal, table.concerns(standing.info)


def _note(rule: HazardRule, standing: StandingInfo, signal: RelayedSignal) -> str:
    said = table_of(rule).relayed(standing.alert, standing.info, signal)
    return f"{said.issuer_en}: {said.signal_en} ({said.identifier})"


def table_of(rule: HazardRule) -> RelayTable:
    """What it takes of whom."""
    table = rule.thresholds
    assert isinstance(table, RelayTable)
    return table
