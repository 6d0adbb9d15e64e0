"""The keys of warnstream.yaml under ``forecasts:``: runs of weather models."""

from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Annotated

from pydantic import Field, ValidationError

from warnstream.config.node.grids import UNITS
from warnstream.config.settings import ModelSettings
from warnstream.config.yaml import value_types
from warnstream.config.yaml.quantities import format_duration
from warnstream.config.yaml.sections import Section, default
from warnstream.model.rules.policies import TransferAhead
from warnstream.model.runs.model_run import MEMBERS_MAX

FORECASTS_MAX = 4
HOUR_S = 3600


class ModelSection(Section):
    """One weather model: its files, and when a run is whole and too old."""

    files: Annotated[str, value_types.text()] = Field(
        description="Pattern of its files; wildcards in the name only, the folder is relative to the "
        "configuration folder. A run may be one file or many."
    )
    variable: Annotated[str, value_types.text()] = Field(
        description="Variable that holds the rain: `tp` (ECMWF), `tot_prec` (ICON) and so on; of GRIB the "
        "short name of ecCodes, of NetCDF the name in the file."
    )
    accumulated: Annotated[str, value_types.one_of("never", "since_start", "resets")] = Field(
        description="since_start: totals since the run began (tp, tot_prec); resets: totals that begin anew "
        "(APCP); never: amounts of intervals, or rates."
    )
    bucket_s: Annotated[int | None, value_types.duration("1h", "24h", whole_minutes=True)] = default(
        None,
        alias="bucket",
        description="With `accumulated: resets` in files without bounds of time: how often it begins anew.",
    )
    unit: Annotated[str | None, value_types.one_of(*UNITS)] = default(
        None, description="Unit of the variable, where the files do not say it or say it wrongly."
    )
    members: Annotated[int, value_types.whole(1, MEMBERS_MAX)] = default(
        1, description="Members of a whole run; a run with fewer is not used."
    )
    step_s: Annotated[int, value_types.duration("1h", "6h", whole_minutes=True)] = default(
        "1h", alias="step", description="Leads of a whole run are no farther apart; 3h for ECMWF's ensemble."
    )
    reach_s: Annotated[int, value_types.duration("1h", "72h", whole_minutes=True)] = default(
        "48h", alias="reach", description="How far a whole run reaches; what is beyond is left out."
    )
    age_s_max: Annotated[int, value_types.duration("1h", "48h", whole_minutes=True)] = default(
        "6h",
        alias="max_age",
        description="A run that began longer ago is not used: rain beyond three hours is not known then.",
    )
    usual_delay_s: Annotated[int, value_types.duration("0s", "24h", whole_minutes=True)] = default(
        "4h",
        alias="usual_delay",
        description="How long after its beginning a run is usually there; a replay of files tells it then.",
    )
    look_every_s: Annotated[float, value_types.fine_duration("100ms", "10min")] = default(
        "10s", alias="look_every", description="How often the folder is looked into."
    )

    def cross_field_errors(self) -> list[tuple[str, str]]:
        """A pattern names files of one folder; a run is used for some time after it is there."""
        faults = []
        folder, name = PurePosixPath(self.files).parent, PurePosixPath(self.files).name
        if any(sign in str(folder) for sign in "*?[") or not name:
            faults.append(("files", f"expected wildcards in the name of the file only, got {self.files!r}"))
        if self.bucket_s is not None and (self.accumulated != "resets" or self.bucket_s % HOUR_S):
            faults.append(("bucket", "expected whole hours, beside accumulated: resets"))
        for key, length_s in (("reach", self.reach_s), ("step", self.step_s)):
            faults += [(key, "expected whole hours")] if length_s % HOUR_S else []
        if self.age_s_max >= self.reach_s:
            faults.append(("max_age", f"expected less than reach ({format_duration(self.reach_s)})"))
        if self.usual_delay_s >= self.age_s_max:
            expected = (
                f"expected less than max_age ({format_duration(self.age_s_max)}): no run would ever be used"
            )
            faults.append(("usual_delay", expected))
        return faults


class TransferAheadSection(Section):
    """Rain that asks for a transfer: a weather model says by which hour people must be away."""

    duration_s: Annotated[int, value_types.duration("1h", "24h", whole_minutes=True)] = default(
        "24h",
        alias="rain",
        description="Rain over that long, fallen and to come, and so far ahead; whole hours.",
    )
    rain_mm: Annotated[float, value_types.decimal(1, 2_000)] = Field(
        description="So much asks for a transfer, mm; it has to come from the county's own plan."
    )
    probability: Annotated[float, value_types.percent(5, 95)] = default(
        "20%",
        description="The hazard is taken to begin when that share of the model's members has reached it.",
    )
    source: Annotated[str, value_types.text()] = Field(
        description="Who has set the amount, and where it stands."
    )

    def cross_field_errors(self) -> list[tuple[str, str]]:
        """Members of a model come in hours."""
        return [("rain", "expected whole hours")] if self.duration_s % HOUR_S else []

    @property
    def policy(self) -> TransferAhead:
        """As the engine uses it."""
        return TransferAhead(self.duration_s, self.rain_mm, self.probability, self.source)


def all_model_settings(models: Mapping[str, ModelSection], directory: Path) -> tuple[ModelSettings, ...]:
    """All models as the shell uses them, in the order in which they are preferred."""
    found = []
    for name, section in models.items():
        pattern = directory / section.files
        found.append(
            ModelSettings(
                name=name,
                folder=pattern.parent,
                pattern=pattern.name,
                variable=section.variable,
                unit=section.unit,
                accumulated=section.accumulated,
                bucket_s=section.bucket_s,
                n_members=section.members,
                step_s=section.step_s,
                reach_s=section.reach_s,
                age_s_max=section.age_s_max,
                usual_delay_s=section.usual_delay_s,
                look_s=section.look_every_s,
            )
        )
    return tuple(found)


def reach_s_of(models: Mapping[str, ModelSection]) -> int:
    """How far every run reaches from any time at which it is used; 0 without a model."""
    return min((section.reach_s - section.age_s_max for section in models.values()), default=0)


def reach_s_written(plain: object) -> int | None:
    """The same of warnstream.yaml as it was read; None where its models are wrong."""
    raw = plain.get("forecasts") if isinstance(plain, dict) else None
    if not isinstance(plain, dict) or not isinstance(raw or {}, dict):
        return None
    try:
        models = {str(name): ModelSection.model_validate(section) for name, section in (raw or {}).items()}
    except ValidationError:
        return None
    return reach_s_of(models)


def model_faults_of(
    models: Mapping[str, ModelSection], transfer: TransferAheadSection | None
) -> list[tuple[tuple[str, ...], str]]:
    """What is wrong with models and what is asked of them, by key."""
    faults: list[tuple[tuple[str, ...], str]] = []
    if len(models) > FORECASTS_MAX:
        faults.append((("forecasts",), f"expected at most {FORECASTS_MAX} models"))
    if transfer is not None:
        at = ("messages", "transfer", "ahead")
        if not models:
            faults.append((at, "expected forecasts: no hour is worked out without a weather model"))
        elif transfer.duration_s > reach_s_of(models):
            longest = format_duration(reach_s_of(models))
            faults.append(((*at, "rain"), f"expected at most {longest}: reach of forecasts, less max_age"))
    return faults
