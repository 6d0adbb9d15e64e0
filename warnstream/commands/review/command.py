"""The command ``warnstream review``."""

import sys
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from warnstream.adapters.bundles.store import BundleStore
from warnstream.adapters.journal.conversion import FOLDER as JOURNAL
from warnstream.adapters.out_folder import demand_folder
from warnstream.commands.paper.pdf import demand_chinese_font, write_pdf
from warnstream.commands.review.question import scope_of
from warnstream.commands.review.tables import print_record
from warnstream.config.settings import Configuration
from warnstream.model.errors import ConfigError, WarnstreamError
from warnstream.model.times import clock_local
from warnstream.review.events import read_events
from warnstream.review.record.files import text_of, write_record
from warnstream.review.record.masking import Names
from warnstream.runners.afterwards.gauges import Arrivals
from warnstream.runners.afterwards.record import Asking, Sources, record_of
from warnstream.runners.afterwards.scope import Scope
from warnstream.runners.afterwards.told import Told, read_told
from warnstream.runners.build import topics_of
from warnstream.runners.bundles.frozen import load_bundle, paths_of
from warnstream.runners.cases.save import Saving, save_case

MINUTES_MAX = 100


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked, as the command line gives it."""

    asked: tuple[str, ...]
    out: Path | None
    journal: Path | None
    events: Path | None
    n_minutes: int
    with_names: bool
    as_json: bool
    as_pdf: bool = False
    save_case: Path | None = None


def run_review(configuration: Configuration, asked: Asked) -> int:
    """Read, put together, tell and write; returns the exit status.

    Raises
    ------
    WarnstreamError
        If the question, an option, the events or the journal is wrong.
    """
    console = Console(stderr=True)
    _check(asked, console)
    events = read_events(asked.events) if asked.events else None
    directory = asked.journal or configuration.storage.directory
    storage = directory.parent if directory.name == JOURNAL else directory
    with console.status("reading the journal") as status:
        told = read_told(directory, topics_of(configuration))
        scope = scope_of(asked.asked, configuration, told)
        then, bundle, paths = _as_it_was(configuration, storage, told, scope)
        arrivals = Arrivals(then, scope)
        read_told(directory, topics_of(then), arrivals.take)
        zone = then.message.time_zone
        names = Names(then.network, then.operators, is_shown=asked.with_names)
        record = record_of(
            Sources(then, bundle, storage, told, arrivals),
            scope,
            Asking(" ".join(asked.asked), names, events, asked.n_minutes),
            lambda now_s: status.update(f"looking behind the silence: {clock_local(now_s, zone)}"),
        )
        if asked.save_case:
            status.update("judging the case")
            question, review = " ".join(asked.asked), text_of(record)
            saving = Saving(then, paths, bundle, directory, scope, question, review, asked.events)
            case = save_case(asked.save_case, saving)
    written = write_record(asked.out, record) if asked.out else []
    if asked.save_case:
        written.append(asked.save_case)
        console.print(
            f"case {case.name}: {case.n_readings} readings, outcome {case.outcome[:12]}", highlight=False
        )
    if asked.as_pdf:
        written += [_pdf(page) for page in written if page.suffix == ".html"]
    if asked.as_json:
        sys.stdout.write(text_of(record))
    else:
        print_record(Console(), record)
    for path in written:
        console.print(f"written: {path}", highlight=False, soft_wrap=True)
    return 0


def _check(asked: Asked, console: Console) -> None:
    """What can be said before anything is read."""
    if len(asked.asked) > 2:
        raise WarnstreamError("expected WARNING, VILLAGE DAY, or BEGIN/END")
    if not 0 <= asked.n_minutes <= MINUTES_MAX:
        raise WarnstreamError(f"--known-now {asked.n_minutes}: expected 0 to {MINUTES_MAX}")
    demand_folder(asked.out)
    if asked.as_json is False and asked.out is None:
        console.print("no --out: nothing is written, this is the summary", highlight=False)
    if asked.as_pdf:
        if asked.out is None:
            raise WarnstreamError("--pdf: expected --out DIR")
        demand_chinese_font()
    if asked.save_case and asked.with_names:
        raise WarnstreamError("--save-case: a case has no names; leave --with-names away")


def _pdf(page: Path) -> Path:
    """The page on paper; for its owner alone, as the page is."""
    written = write_pdf(page)
    written.chmod(0o600)
    return written


def _as_it_was(
    configuration: Configuration, storage: Path, told: Told, scope: Scope
) -> tuple[Configuration, int, dict[str, Path]]:
    """The configuration of the last bundle that ran in the scope, with its files; else CONFIG_DIR."""
    now = {name: configuration.directory / name for name in configuration.files_read}
    ran = [entry for at_s, entry in told.configurations if at_s <= scope.end_s]
    if not ran or not ran[-1].bundle:
        return configuration, 0, now
    try:
        bundle = BundleStore(storage).bundle(ran[-1].bundle)
        return load_bundle(bundle), bundle.number, paths_of(bundle)
    except (ConfigError, WarnstreamError) as error:
        Console(stderr=True).print(f"bundle {ran[-1].bundle} cannot be used: {error}", highlight=False)
        return configuration, 0, now
