"""What of other services' alerts is relayed: whose, which signals reach which level, and in which villages.

The level of a relayed hazard is the issuer's, never worked out here: a table of the configuration says
what the issuer's words mean. An area is drawn or named by codes; where it is drawn the shape counts.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from warnstream.model.alerts.alert import DIVISION_CODE, Alert, AlertArea, AlertInfo
from warnstream.model.alerts.shapes import in_circle, in_path
from warnstream.model.arrays import BoolArray, Float64Array, Int64Array
from warnstream.model.changes import Relayed
from warnstream.model.level import LEVELS, Level
from warnstream.model.times import DAY_S

COLOURS_ZH = ("无", "蓝色", "黄色", "橙色", "红色")


@dataclass(frozen=True, slots=True)
class RelayedIssuer:
    """A service whose alerts are relayed: its `sender` as it writes it, and its name in texts."""

    sender: str
    name_zh: str
    name_en: str


@dataclass(frozen=True, slots=True)
class RelayedSignal:
    """Alerts that reach a level. All that is named must fit; what is empty fits always.

    Attributes
    ----------
    level : Level
    events, codes, severities : frozenset of str
        Small letters: of `event` and `severity` no case counts.
    parameters : tuple of (str, str)
    title_zh, title_en : str
        What it is called in texts; empty: by the hazard's name and the level.
    """

    level: Level
    events: frozenset[str] = frozenset()
    codes: frozenset[str] = frozenset()
    severities: frozenset[str] = frozenset()
    parameters: tuple[tuple[str, str], ...] = ()
    title_zh: str = ""
    title_en: str = ""

    def fits(self, info: AlertInfo) -> bool:
        """Whether an `info` block is such a signal."""
        return (
            (not self.events or info.event.casefold() in self.events)
            and (not self.codes or not self.codes.isdisjoint(info.event_codes))
            and (not self.severities or info.severity.casefold() in self.severities)
            and set(self.parameters) <= set(info.parameters)
        )


@dataclass(frozen=True, slots=True)
class StandingInfo:
    """An `info` block that is in force, of which alert."""

    alert: Alert
    info: AlertInfo


@dataclass(frozen=True, slots=True, eq=False)
class StandingAlerts:
    """What is in force at one step; equal only to itself, so that nobody looks twice at the same."""

    infos: tuple[StandingInfo, ...] = ()


NO_ALERTS = StandingAlerts()


def division_prefix(code: str) -> str:
    """The part of a division's code that all places in it share: zeros at its end stand for all of it.

    >>> division_prefix("330329000000"), division_prefix("330329"), division_prefix("330329001000")
    ('330329', '330329', '330329001')
    """
    end = len(code)
    for begin in (9, 6, 4, 2):
        if end > begin and code[begin:end].strip("0"):
            break
        end = min(end, begin)
    return code[:end]


def _is_division(code: str) -> bool:
    """Two digits name a province; less would be everywhere."""
    return code.isascii() and code.isdigit() and len(code) >= 2


@dataclass(frozen=True, slots=True)
class RelayTable:
    """What a relayed hazard takes of whom, and the places that it may concern.

    Attributes
    ----------
    issuers : tuple of RelayedIssuer
    signals : tuple of RelayedSignal
        Of those that fit the worst counts.
    title_zh, title_en : str
        The hazard's name.
    place_code : tuple of str, length n_places
        Code of the village that each place belongs to.
    latitude, longitude : Float64Array, shape (n_places,)
    codes : mapping of (str, str) to frozenset of str
        Villages that an area code of other services means, by the code's name and the code.
    divisions : frozenset of str
        Names of codes that are divisions of GB/T 2260, as the first digits of village codes.
    margin_m : float
        So near to the edge of a shape counts as inside.
    lasts_s : int
        How long an alert stands that says no end, from when it was sent.
    """

    issuers: tuple[RelayedIssuer, ...]
    signals: tuple[RelayedSignal, ...]
    title_zh: str
    title_en: str
    place_code: tuple[str, ...]
    latitude: Float64Array
    longitude: Float64Array
    codes: Mapping[tuple[str, str], frozenset[str]] = field(default_factory=dict)
    divisions: frozenset[str] = frozenset({DIVISION_CODE})
    margin_m: float = 1000.0
    lasts_s: int = DAY_S

    @property
    def numbers(self) -> Float64Array:
        """None: nothing is measured."""
        return np.zeros(0)

    def defined(self, n_places: int) -> BoolArray:
        """No level has a value, shape (n_places, 4): what ends falls to what is in force, over nothing."""
        return np.zeros((n_places, len(LEVELS)), dtype=np.bool_)

    def of_places(self, places: Int64Array) -> "RelayTable":
        """The same for some places."""
        return replace(
            self,
            place_code=tuple(self.place_code[place] for place in places.tolist()),
            latitude=self.latitude[places],
            longitude=self.longitude[places],
        )

    def issuer_of(self, alert: Alert) -> RelayedIssuer | None:
        """The issuer whose alert it is; None if it is nobody's who is relayed."""
        return next((issuer for issuer in self.issuers if issuer.sender == alert.sender), None)

    def signal_of(self, info: AlertInfo) -> RelayedSignal | None:
        """The worst signal that an `info` block is; None: it is none."""
        fitting = [signal for signal in self.signals if signal.fits(info)]
        return max(fitting, key=lambda one: one.level, default=None)

    def expires_s(self, alert: Alert, info: AlertInfo) -> int:
        """When an `info` block ends."""
        return info.expires_s if info.expires_s >= 0 else alert.sent_s + self.lasts_s

    def concerns(self, info: AlertInfo) -> BoolArray:
        """Places that an `info` block names, shape (n_places,)."""
        found: BoolArray = np.zeros(len(self.place_code), dtype=np.bool_)
        for area in info.areas:
            found |= self._in_shape(area) if area.has_shape else self._by_codes(area)
        return found

    def relayed(self, alert: Alert, info: AlertInfo, signal: RelayedSignal) -> Relayed:
        """Who said what and when, for texts."""
        issuer = self.issuer_of(alert)
        name = info.sender_name or alert.sender
        colour, word = COLOURS_ZH[signal.level], signal.level.word
        return Relayed(
            issuer_zh=issuer.name_zh if issuer else name,
            issuer_en=issuer.name_en if issuer else name,
            signal_zh=signal.title_zh or f"{self.title_zh}{colour}预警",
            signal_en=signal.title_en or f"{word} {self.title_en} warning",
            sent_s=alert.sent_s,
            sender=alert.sender,
            identifier=alert.identifier,
            event=info.event,
            headline=info.headline,
        )

    def _by_codes(self, area: AlertArea) -> BoolArray:
        named = frozenset[str]().union(*(self.codes.get(code, frozenset()) for code in area.geocodes))
        divisions = (code for name, code in area.geocodes if name in self.divisions)
        prefixes = tuple(division_prefix(code) for code in divisions if _is_division(code))
        found = (code in named or (bool(prefixes) and code.startswith(prefixes)) for code in self.place_code)
        return np.fromiter(found, dtype=np.bool_, count=len(self.place_code))

    def _in_shape(self, area: AlertArea) -> BoolArray:
        place, margin_m = (self.latitude, self.longitude), self.margin_m
        found: BoolArray = np.zeros(len(self.place_code), dtype=np.bool_)
        for circle in area.circles:
            found |= in_circle(*place, circle, margin_m)
        for ring in area.polygons:
            found |= in_path(*place, ring, margin_m, is_closed=True)
        for line in area.lines:
            found |= in_path(*place, line, margin_m, is_closed=False)
        return found
