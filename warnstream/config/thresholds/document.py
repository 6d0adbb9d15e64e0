"""thresholds.yaml: the hazards by name, each judged by one evaluator, and the signs that people report.

One section is one evaluator of `warnstream.hazards`; a new one is a module of
`warnstream.config.thresholds.kinds` and a line here. As in `warnstream.yaml`,
durations are written with a unit and are seconds once validated.
"""

from collections.abc import Mapping
from typing import Annotated, get_args

from pydantic import Field

from warnstream.config.thresholds.kinds.critical_rainfall import CriticalRainfallSection
from warnstream.config.thresholds.kinds.forest_fire import ForestFireSection
from warnstream.config.thresholds.kinds.landslide_rain import LandslideRainSection
from warnstream.config.thresholds.kinds.rainstorm import RainstormSection
from warnstream.config.thresholds.kinds.relayed import RelayedSection
from warnstream.config.thresholds.kinds.river_stage import RiverStageSection
from warnstream.config.thresholds.kinds.rule import RuleSection
from warnstream.config.thresholds.kinds.slope_movement import SlopeMovementSection
from warnstream.config.thresholds.kinds.strong_wind import StrongWindSection
from warnstream.config.thresholds.kinds.waterlogging import WaterloggingSection
from warnstream.config.thresholds.signs import SignsSection
from warnstream.config.yaml import value_types
from warnstream.config.yaml.sections import Section, part

HazardDocument = (
    RainstormSection
    | CriticalRainfallSection
    | RiverStageSection
    | LandslideRainSection
    | SlopeMovementSection
    | WaterloggingSection
    | StrongWindSection
    | ForestFireSection
    | RelayedSection
    | RuleSection
)
SECTION_OF_EVALUATOR: Mapping[str, type[HazardDocument]] = {
    get_args(section.model_fields["evaluator"].annotation)[0]: section for section in get_args(HazardDocument)
}
AnyHazard = Annotated[HazardDocument, Field(discriminator="evaluator")]


class ThresholdsDocument(Section):
    """thresholds.yaml: what reaches which level."""

    hazards: dict[Annotated[str, value_types.code()], AnyHazard] = Field(
        min_length=1, description="Hazards by name, e.g. flash_flood; the name stands in every warning."
    )
    signs: SignsSection = part(SignsSection, "Signs that people may report.")
