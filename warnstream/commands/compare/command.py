"""The command ``warnstream compare``."""

import argparse
import json
import multiprocessing
import os
import re
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from rich.console import Console

from warnstream.adapters.out_folder import demand_folder
from warnstream.commands.compare.limits import Limit, limit_of
from warnstream.commands.compare.tables import print_comparison
from warnstream.config.settings import Configuration
from warnstream.model.errors import WarnstreamError
from warnstream.model.times import HOUR_S, iso_local
from warnstream.review.archive import Archive, in_memory
from warnstream.review.compare.comparison import Comparison, Judged, NightHours, compare
from warnstream.review.compare.files import as_dict, write_comparisons
from warnstream.review.events import Event, read_events
from warnstream.review.logger_files import open_readings
from warnstream.review.verification import Verification, VerificationPolicy, score_warnings
from warnstream.runners.bundles.frozen import is_number, load_all, load_named, storage_of
from warnstream.runners.cases.case import CONFIGURATION, EVENTS, is_case, read_case, readings_of
from warnstream.runners.replay.judging import Stretch, judge, stretches_of
from warnstream.runners.replay.side_by_side import alike

EXIT_LIMIT = 3
SAY_EVERY_S = 10.0
HOURS_AFTER_MAX = 24 * 31


@dataclass(frozen=True, slots=True)
class Asked:
    """What a comparison is asked, as the command line gives it."""

    old: str
    new: tuple[str, ...]
    storage: Path | None
    archives: tuple[Path, ...]
    events: Path | None
    out: Path | None
    after_h: float
    night: str
    fail_if: tuple[str, ...]
    jobs: int | None
    as_json: bool
    cases: tuple[Path, ...] = ()
    every_minute: bool = False

    @classmethod
    def of(cls, options: argparse.Namespace) -> "Asked":
        """What `add_compare` has declared."""
        return cls(
            old=options.old,
            new=tuple(options.new),
            storage=options.storage,
            archives=tuple(options.archive),
            cases=tuple(options.case),
            events=options.events,
            out=options.out,
            after_h=options.after,
            night=options.night,
            fail_if=tuple(options.fail_if),
            jobs=options.jobs,
            as_json=options.json,
            every_minute=options.every_minute,
        )


def run_compare(asked: Asked) -> int:
    """Judge, pair, tell and write; returns the exit status.

    Raises
    ------
    WarnstreamError
        If an option, a configuration, an archive or the events file is wrong.
    """
    _check_sources(asked)
    night = night_of(asked.night)
    if not 0 <= asked.after_h <= HOURS_AFTER_MAX:
        raise WarnstreamError(f"--after {asked.after_h:g}: expected 0 to {HOURS_AFTER_MAX} hours")
    if asked.jobs is not None and asked.jobs < 1:
        raise WarnstreamError(f"--jobs {asked.jobs}: expected at least 1")
    demand_folder(asked.out)
    if not asked.cases:
        return _compare(asked, _labels((asked.old, *asked.new)), night)
    status = 0
    for folder in asked.cases:
        case, events = read_case(folder), folder / EVENTS
        named = {f"case {case.manifest.name}": str(folder / CONFIGURATION)}
        named |= _labels((asked.old, *asked.new))
        own = replace(
            asked,
            archives=(folder,),
            events=events if events.is_file() else asked.events,
            out=asked.out / case.manifest.name if asked.out else None,
            after_h=0.0,
        )
        status = max(status, _compare(own, named, night))
    return status


def _check_sources(asked: Asked) -> None:
    if bool(asked.cases) == bool(asked.archives):
        raise WarnstreamError("expected either --archive FILE... or --case DIR...")
    if not asked.cases and not asked.new:
        raise WarnstreamError("expected OLD and at least one NEW")
    names = [path.resolve().name for path in asked.cases]
    if asked.out and len(set(names)) < len(names):
        raise WarnstreamError("--case: two cases of one name would be written to one folder of --out")


def _compare(asked: Asked, names: dict[str, str], night: NightHours) -> int:
    """One comparison: `names` has the old configuration first."""
    console = Console(stderr=asked.as_json)
    loaded = load_all(list(names.values()), asked.storage)
    configurations = {label: loaded[name].configuration for label, name in names.items()}
    storage = asked.storage or storage_of(loaded)
    hazards = sorted({rule.name for configuration in configurations.values() for rule in configuration.rules})
    limits = [limit_of(text, hazards) for text in asked.fail_if]
    events = read_events(asked.events) if asked.events else None
    stretches = stretches_of(
        asked.archives, list(configurations.values()), int(asked.after_h * HOUR_S), _read
    )
    old, *new = _judge_all(names, configurations, storage, stretches, asked)
    comparisons = [compare(old, judged, night) for judged in new]
    scores = {judged.name: _score(judged, configurations[judged.name], events) for judged in (old, *new)}
    record = as_dict(comparisons, scores)
    if asked.out:
        write_comparisons(asked.out, comparisons, record)
    if asked.as_json:
        print(json.dumps(record, ensure_ascii=False))  # noqa: T201
    else:
        for comparison in comparisons:
            print_comparison(console, comparison, scores)
        if asked.out:
            console.print(f"written to {asked.out}", highlight=False, soft_wrap=True)
    return _exit_status(limits, comparisons)


def night_of(text: str) -> NightHours:
    """Read ``22-06``.

    Raises
    ------
    WarnstreamError
        If it is not two hours.

    Examples
    --------
    >>> night_of("22-06")
    NightHours(begin=22, end=6)
    """
    found = re.fullmatch(r"(\d{1,2})-(\d{1,2})", text)
    hours = [int(hour) for hour in found.groups()] if found else []
    if not hours or max(hours) > 24:
        raise WarnstreamError(f"--night {text!r}: expected two hours such as 22-06")
    return NightHours(hours[0] % 24, hours[1] % 24)


def _labels(names: Sequence[str]) -> dict[str, str]:
    """What each configuration is called in what people read -> its name on the command line.

    A folder by its last part where no other is called so; a bundle by its number.
    """
    if len({name if is_number(name) else str(Path(name).resolve()) for name in names}) < len(names):
        raise WarnstreamError("OLD and every NEW must be different configurations")
    last = [f"bundle {name}" if is_number(name) else Path(name).resolve().name for name in names]
    return {label if last.count(label) == 1 else name: name for label, name in zip(last, names, strict=True)}


def _judge_all(
    names: dict[str, str],
    configurations: dict[str, Configuration],
    storage: Path | None,
    stretches: list[Stretch],
    asked_for: Asked,
) -> list[Judged]:
    """Configurations that observe alike in one process: equal results, however they are spread."""
    labels = list(names)
    groups = [[labels[number] for number in group] for group in alike(list(configurations.values()))]
    n_jobs = min(len(groups), asked_for.jobs or os.cpu_count() or 1)
    judge_named = partial(
        _judge_named, storage=storage, stretches=stretches, every_minute=asked_for.every_minute
    )
    asked = [{label: names[label] for label in group} for group in groups]
    if n_jobs == 1:
        found = [judge_named(group) for group in asked]
    else:  # Spawned, not forked: numpy's and the terminal's threads do not survive a fork everywhere.
        with ProcessPoolExecutor(n_jobs, mp_context=multiprocessing.get_context("spawn")) as pool:
            waiting = [pool.submit(judge_named, group) for group in asked]
            found = [future.result() for future in waiting]
    judged = {judgement.name: judgement for group in found for judgement in group}
    return [judged[label] for label in labels]


def _judge_named(
    names: dict[str, str], *, storage: Path | None, stretches: list[Stretch], every_minute: bool
) -> list[Judged]:
    configurations = {label: load_named(name, storage).configuration for label, name in names.items()}
    time_zone = next(iter(configurations.values())).message.time_zone
    said_at = time.monotonic()

    def say(until_s: int, share: float) -> None:
        nonlocal said_at
        if time.monotonic() - said_at >= SAY_EVERY_S:
            said_at = time.monotonic()
            until = iso_local(until_s, time_zone)
            print(f"{', '.join(names)}: {share:.0%}, until {until}", file=sys.stderr, flush=True)  # noqa: T201

    return judge(configurations, stretches, say, _read, every_minute=every_minute)


def _read(path: Path, configuration: Configuration) -> Archive:
    """Readings of a case, or of an archive."""
    return (
        in_memory(readings_of(read_case(path), configuration))
        if is_case(path)
        else open_readings(path, configuration)
    )


def _score(judged: Judged, configuration: Configuration, events: list[Event] | None) -> Verification | None:
    if events is None:
        return None
    policy = VerificationPolicy(hazards=tuple(rule.name for rule in configuration.rules))
    return score_warnings(list(judged.messages), events, configuration.network.villages, policy)


def _exit_status(limits: Sequence[Limit], comparisons: Sequence[Comparison]) -> int:
    status = 0
    for limit in limits:
        for comparison in comparisons:
            if limit.holds(comparison):
                count = comparison.count(limit.outcome, limit.level, limit.hazard)
                print(f"{comparison.new.name}: {limit.text}: it is {count}", file=sys.stderr)  # noqa: T201
                status = EXIT_LIMIT
    return status
