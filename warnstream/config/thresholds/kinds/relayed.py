"""Relayed signals in thresholds.yaml: whose, which words reach which level, what areas mean."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Literal

from pydantic import Field

from warnstream.config.tables.alert_areas import AreaCodes, read_alert_areas
from warnstream.config.thresholds.context import Build, HazardContext
from warnstream.config.thresholds.rows import Threshold
from warnstream.config.thresholds.sections import HazardSection, LoweringSection
from warnstream.config.wording import count_of, name_some
from warnstream.config.yaml import value_types
from warnstream.config.yaml.sections import Section, default, part
from warnstream.model.alerts.alert import DIVISION_CODE
from warnstream.model.alerts.relaying import RelayedIssuer, RelayedSignal, RelayTable
from warnstream.model.level import Level
from warnstream.model.network import Stations, Villages
from warnstream.model.rules.rules import Thresholds


class IssuerSection(Section):
    """A service whose alerts are relayed."""

    sender: Annotated[str, value_types.text()] = Field(
        description="`sender` of its CAP alerts; of national messages `senderCode`."
    )
    zh: Annotated[str, value_types.text()] = Field(description="Its name in Chinese texts.")
    en: Annotated[str, value_types.text()] = Field(description="Its name in English texts.")


class SignalTitleSection(Section):
    """What a signal is called in texts."""

    zh: Annotated[str, value_types.text()] = Field(description="In Chinese texts, such as 暴雨橙色预警.")
    en: Annotated[str, value_types.text()] = Field(description="In English texts.")


class SignalSection(Section):
    """Alerts that reach a level: everything that is named must fit."""

    level: Annotated[Level, value_types.level()] = Field(description="Level that is reached.")
    events: list[Annotated[str, value_types.text()]] = part(
        list, "Words of `event`, of which one must be the alert's; no case counts."
    )
    codes: list[Annotated[str, value_types.text()]] = part(
        list, "Values of `eventCode`, of national messages `eventType`; one must be among the alert's."
    )
    severities: list[Annotated[str, value_types.text()]] = part(
        list,
        "Words of `severity`: Extreme, Severe, Moderate, Minor, Unknown; of national messages Red, Orange, "
        "Yellow, Blue.",
    )
    parameters: dict[Annotated[str, value_types.text()], Annotated[str, value_types.text()]] = part(
        dict, "Values of `parameter` by their names; all must be the alert's."
    )
    title: SignalTitleSection | None = Field(
        None, description="What it is called in texts; without it by the hazard's title and the level."
    )

    def cross_field_errors(self) -> list[tuple[str, str]]:
        """A signal that names nothing would be every alert."""
        if self.events or self.codes or self.severities or self.parameters:
            return []
        return [("", "expected events, codes, severities or parameters")]


class RelayedLoweringSection(LoweringSection):
    """A signal that is over is over: it falls at once unless said otherwise."""

    hold_s: Annotated[int, value_types.duration("0s", "7d")] = default(
        "0s", alias="hold", description="How long after its end a signal stands."
    )
    active_s_min: Annotated[int, value_types.duration("0s", "7d")] = default(
        "0s", alias="active_min", description="A level stays at least that long after it was last reached."
    )


class RelayedSection(HazardSection):
    """Signals that another service has issued, passed on in its name."""

    evaluator: Literal["relayed"] = Field(description="Module of warnstream.hazards that judges it.")
    issuers: list[IssuerSection] = Field(
        min_length=1, description="Services whose alerts are relayed; those of others are refused."
    )
    signals: list[SignalSection] = Field(
        min_length=1, description="What reaches which level; of several that fit the worst."
    )
    areas: Annotated[str | None, value_types.text()] = default(
        None, description="CSV file `name,code,area`: which village, township or county a geocode means."
    )
    divisions: list[Annotated[str, value_types.text()]] = part(
        list, "Names of geocodes that are codes of GB/T 2260: the first digits of village codes."
    )
    margin_km: Annotated[float, value_types.decimal(0, 100)] = default(
        1, description="So near to the edge of a polygon or circle counts as inside, kilometres."
    )
    lasts_s: Annotated[int, value_types.duration("10min", "7d")] = default(
        "24h", alias="lasts", description="How long an alert stands that says no end."
    )
    lowering: RelayedLoweringSection = part(RelayedLoweringSection, "How a level falls.")

    def cross_field_errors(self) -> list[tuple[str, str]]:
        """Each issuer once."""
        senders = [issuer.sender for issuer in self.issuers]
        return [
            (f"issuers.{number}.sender", f"duplicate sender {sender!r}")
            for number, sender in enumerate(senders)
            if sender in senders[:number]
        ]

    def read(self, context: HazardContext) -> Build:
        """Read what area codes mean."""
        codes: AreaCodes = {}
        if self.areas is not None and context.require("areas", self.areas):
            codes = read_alert_areas(self.areas, context.folder, context.around.villages, context.faults)

        def build(rows: Sequence[Threshold], places: Villages, stations: Stations) -> RelayTable:
            del rows, stations
            return self._table(places, codes)

        return build

    @staticmethod
    def describe(thresholds: Thresholds, n_villages: int) -> str:
        """Whose signals."""
        del n_villages
        assert isinstance(thresholds, RelayTable)
        names = name_some([issuer.name_en for issuer in thresholds.issuers])
        return f"{count_of(len(thresholds.signals), 'signal', 'signals')} of {names}, in their name"

    @staticmethod
    def describe_levels(thresholds: Thresholds) -> Iterator[str]:
        """What reaches each level, the lowest first."""
        assert isinstance(thresholds, RelayTable)
        for signal in sorted(thresholds.signals, key=lambda one: one.level):
            words = [
                ", ".join(sorted(names))
                for names in (signal.events, signal.codes, signal.severities)
                if names
            ]
            words += [f"{name} {value}" for name, value in signal.parameters]
            yield f"{signal.level.word} if {' and '.join(words)}"

    def _table(self, places: Villages, codes: AreaCodes) -> RelayTable:
        return RelayTable(
            issuers=tuple(RelayedIssuer(issuer.sender, issuer.zh, issuer.en) for issuer in self.issuers),
            signals=tuple(map(_signal, self.signals)),
            title_zh=self.title.zh,
            title_en=self.title.en,
            place_code=places.parent or places.code,
            latitude=places.latitude,
            longitude=places.longitude,
            codes=codes,
            divisions=frozenset({DIVISION_CODE, *self.divisions}),
            margin_m=self.margin_km * 1000,
            lasts_s=self.lasts_s,
        )


def _signal(section: SignalSection) -> RelayedSignal:
    title = section.title
    return RelayedSignal(
        level=section.level,
        events=frozenset(word.casefold() for word in section.events),
        codes=frozenset(section.codes),
        severities=frozenset(word.casefold() for word in section.severities),
        parameters=tuple(section.parameters.items()),
        title_zh=title.zh if title else "",
        title_en=title.en if title else "",
    )
