"""The command ``warnstream replay``: an archive in, warnings.jsonl, bulletins.jsonl and others out."""

import json
import time
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from warnstream import __version__
from warnstream.adapters.out_folder import demand_folder
from warnstream.assessment import AssessmentStep
from warnstream.config.settings import Configuration
from warnstream.forecast.nowcast import leads_of
from warnstream.lifecycle.alerts import AlertBook, AlertOutcome
from warnstream.model.digests import Digest
from warnstream.model.grids import in_order_of_time
from warnstream.model.level import LEVELS
from warnstream.model.observations.readings import Flag
from warnstream.model.radar.fields import Frame
from warnstream.model.times import HOUR_S, iso_local
from warnstream.model.warning import MessageType
from warnstream.review.alerts import read_alert_files
from warnstream.review.archive import Archive, in_memory
from warnstream.review.bulletins import write_bulletins
from warnstream.review.digests import write_digests
from warnstream.review.events import read_events
from warnstream.review.forecast_skill import ForecastSkill
from warnstream.review.ledger import book_of, write_ledger
from warnstream.review.logger_files import open_readings
from warnstream.review.report import ReplaySummary, write_levels, write_summary, write_warnings
from warnstream.review.verification import ANY_HAZARD, Verification, VerificationPolicy, score_warnings
from warnstream.runners.build import bulletin_wording
from warnstream.runners.explain.one_line import describe
from warnstream.runners.replay.collected import Collected
from warnstream.runners.replay.journal_archive import read_journal
from warnstream.runners.replay.replay import Replay, ReplayStep

OBSERVED_COVERAGE_MIN = 0.99
"""Share of an hour that must have been observed before a forecast is scored against it."""

WARNINGS_SHOWN_MAX = 5


@dataclass(slots=True, kw_only=True)
class Findings(Collected):
    """What a replay found so far."""

    skill: ForecastSkill
    digests: list[Digest] = field(default_factory=list)
    n_flagged: Counter[str] = field(default_factory=Counter)
    n_frames: Counter[str] = field(default_factory=Counter)
    n_alerts: Counter[str] = field(default_factory=Counter)
    has_forecast: bool = False

    def take(self, minute: ReplayStep, alerts: AlertBook) -> None:
        """Add one minute, and what became in it of alerts of other services."""
        for outcome, count in alerts.outcomes.items():
            if outcome is not AlertOutcome.REFUSED:
                self.n_alerts[str(outcome)] += count
        self.n_alerts.update(f"refused ({alert.reason})" for alert in alerts.refused)
        self.collect(minute.step)
        assessed = minute.step.assessment
        self.digests += minute.step.effects.digests
        self._count_frames(assessed)
        for flag in Flag:
            count = int(np.count_nonzero(assessed.flags & flag))
            if count:
                self.n_flagged[str(flag.name).lower()] += count
        is_observed = assessed.rain.coverage_over(HOUR_S) >= OBSERVED_COVERAGE_MIN
        self.skill.observe(minute.now_s, np.where(is_observed, assessed.rain.over(HOUR_S), np.nan))
        if assessed.forecast is not None and assessed.forecast.usable:
            self.has_forecast = True
            self.skill.forecast(minute.now_s, assessed.forecast.rain_mm)

    def _count_frames(self, assessed: AssessmentStep) -> None:
        for grid in assessed.grids.states:
            self.n_frames[grid.name] += grid.n_frames
        for refused in assessed.grids.refused:
            self.n_frames[f"{refused.frame.grid} refused ({refused.reason})"] += 1
        for told in assessed.ahead.refused:
            self.n_frames[f"fields of {told.frame.grid} refused ({told.reason})"] += 1
        if assessed.ahead.n_fields:
            self.n_frames[f"fields of {assessed.ahead.radar}"] += assessed.ahead.n_fields
        for model in assessed.ahead.runs:
            if model.n_runs:
                self.n_frames[f"runs of {model.forecast}"] += model.n_runs
            for run in model.refused:
                self.n_frames[f"runs of {model.forecast} refused ({run.reason})"] += 1


def replay_archive(  # noqa: PLR0913  # what, where to, and how, each by name
    configuration: Configuration,
    readings: Path,
    out: Path,
    *,
    events: Path | None,
    after_s: int,
    as_json: bool,
    is_journal: bool = False,
    with_grids: bool = False,
    alerts: Path | None = None,
) -> int:
    """Replay an archive (or a node's journal) and write what it led to; returns the exit status.

    Raises
    ------
    ArchiveError, StoreError
        If the archive, the journal, the alerts or the events file cannot be read.
    GridFileError
        If a file of a grid cannot be used.
    """
    console = Console(stderr=as_json)
    demand_folder(out)
    started = time.monotonic()
    happened = read_events(events) if events else None
    if is_journal:
        archive = in_memory(read_journal(configuration, readings))
    else:
        archive = open_readings(readings, configuration)
        if with_grids:
            archive = replace(archive, frames=_frames_of_files(configuration))
    if alerts is not None:
        archived = read_alert_files(alerts)
        came = [(arrived.alert.sent_s, arrived) for arrived in archived.arrived]
        archive = replace(
            archive,
            alerts=tuple(sorted([*archive.alerts, *came], key=lambda one: one[0])),
            n_refused=dict(Counter(archive.n_refused) + archived.n_refused),
        )
    found = _run(configuration, archive, after_s, console)
    verification = None
    if happened is not None:
        policy = VerificationPolicy(hazards=tuple(rule.name for rule in configuration.rules))
        verification = score_warnings(found.messages, happened, configuration.network.villages, policy)
    summary = ReplaySummary(
        fingerprint=configuration.fingerprint,
        code_version=__version__,
        n_readings=archive.n_readings,
        begin_s=archive.begin_s,
        end_s=archive.end_s,
        messages=found.messages,
        villages=configuration.network.villages,
        wall_s=time.monotonic() - started,
        n_refused=archive.n_refused,
        n_flagged=found.n_flagged,
        verification=verification,
        forecast=found.skill.as_dict() if found.has_forecast else None,
        n_alerts=found.n_alerts,
    )
    _write(configuration, found, summary, out)
    if as_json:
        print(json.dumps(json.loads((out / "summary.json").read_text("utf-8")), ensure_ascii=False))  # noqa: T201
    else:
        _tell(console, configuration, found, summary, out)
    return 0


def _frames_of_files(configuration: Configuration) -> tuple[Frame, ...]:
    """Frames of every file of every grid, and the runs of every weather model."""
    from warnstream.adapters.grids.frames import GridReader
    from warnstream.adapters.runs.reader import RunReader

    limit = configuration.quality.rain_mm_per_min_max
    readers = [GridReader(grid, configuration.network, limit) for grid in configuration.grids]
    models = [RunReader(model, configuration.network) for model in configuration.models]
    of_grids = (frame for reader in readers for frame in reader.all_frames())
    of_models = (run for model in models for run in model.all_frames())
    return in_order_of_time([*of_grids, *of_models])


def _run(configuration: Configuration, archive: Archive, after_s: int, console: Console) -> Findings:
    until_s = archive.end_s + after_s if archive.end_s is not None and after_s else None
    replay = Replay(configuration, archive, until_s)
    found = Findings(skill=ForecastSkill(leads_of(configuration.forecast)))
    columns = (
        TextColumn("replay"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("min"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("replay", total=len(replay))
        for minute in replay.steps(lambda done: bar.update(task, completed=done)):
            found.take(minute, replay.engine.assessment.alerts)
    return found


def _write(configuration: Configuration, found: Findings, summary: ReplaySummary, out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    write_warnings(out / "warnings.jsonl", found.messages, configuration)
    write_bulletins(out / "bulletins.jsonl", found.bulletins, bulletin_wording(configuration))
    write_digests(out / "digests.jsonl", found.digests, bulletin_wording(configuration))
    write_ledger(out / "ledger.parquet", book_of(configuration.network, found.bulletins))
    write_levels(out / "levels.parquet", found.changes, configuration.network.villages)
    if found.has_forecast:
        found.skill.write(out / "forecast_skill.nc")
    write_summary(out / "summary.json", summary)


def _tell(
    console: Console, configuration: Configuration, found: Findings, summary: ReplaySummary, out: Path
) -> None:
    time_zone = configuration.message.time_zone
    if summary.begin_s is None or summary.end_s is None:
        console.print("the archive holds no usable reading")
    else:
        span = f"{iso_local(summary.begin_s, time_zone)} to {iso_local(summary.end_s, time_zone)}"
        console.print(
            f"{summary.n_readings} readings, {span}, in {summary.wall_s:.1f} s",
            soft_wrap=True,
            highlight=False,
        )
    for reason, count in summary.n_refused.items():
        console.print(f"refused: {count} {reason}", highlight=False)
    for name, count in found.n_frames.items():
        console.print(f"frames of grid {name}: {count}", highlight=False)
    for name, count in found.n_alerts.items():
        console.print(f"alerts {name}: {count}", highlight=False)
    for name, count in found.failures.items():
        console.print(f"could not be evaluated: {name} at {count} minutes", style="bold red")
    n_alerts = sum(message.msg_type is MessageType.ALERT for message in found.messages)
    n_bulletins, n_digests = len(found.bulletins), len(found.digests)
    console.print(
        f"{len(found.messages)} messages, {n_alerts} warnings, {n_bulletins} bulletins to doors, "
        f"{n_digests} digests to posts",
        highlight=False,
    )
    for level in LEVELS:
        rises = [
            message
            for message in found.messages
            if message.level == level and message.level > message.previous
        ]
        if rises:
            console.print(f"first to reach {level.word} ({len(rises)} in all):", highlight=False)
        for message in rises[:WARNINGS_SHOWN_MAX]:
            console.print(f"  {describe(message, configuration)}", soft_wrap=True, highlight=False)
    if summary.verification is not None:
        _tell_scores(console, summary.verification, n_hazards=len(configuration.rules))
    console.print(f"written to {out}", highlight=False)


def _tell_scores(console: Console, verification: Verification, n_hazards: int) -> None:
    for score in verification.scores:
        if score.hazard == ANY_HAZARD and n_hazards == 1:
            continue  # it would say the same again
        if score.hits + score.misses and score.warnings:
            lead = "-" if np.isnan(score.lead_min_median) else f"{score.lead_min_median:.0f} min"
            console.print(
                f"{score.hazard} from {score.level.word}: {score.hits} hits, {score.misses} misses, "
                f"{score.false_alarms} warnings without event, POD {score.pod:.2f}, FAR {score.far:.2f}, "
                f"CSI {score.csi:.2f}, median lead {lead}",
                soft_wrap=True,
                highlight=False,
            )
    console.print(verification.note, soft_wrap=True, highlight=False)
