"""The command ``warnstream``: a function for each subcommand; `commands.arguments` has what it takes.

Exit status: 0 done, 1 the work failed, 2 the command line or the
configuration is wrong, 3 more would be told than was allowed, 130 interrupted.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from warnstream.commands.arguments import parser
from warnstream.commands.common.terminals import write_out_what_a_terminal_lacks
from warnstream.commands.console.options import RUN as RUN_CONSOLE
from warnstream.commands.drill.command import run_drill
from warnstream.commands.duty.command import run_duty
from warnstream.commands.kafka.options import RUN as RUN_KAFKA
from warnstream.commands.order_options import RUN as RUN_ORDERS
from warnstream.commands.paper.options import RUN as RUN_PAPER
from warnstream.commands.sheets.options import RUN as RUN_SHEETS
from warnstream.commands.tokens.command import RUN as RUN_TOKENS
from warnstream.commands.transfers.options import RUN as RUN_TRANSFERS
from warnstream.model.errors import ConfigError, WarnstreamError

if TYPE_CHECKING:  # the checks of a configuration are half of what a command loads
    from warnstream.config.settings import Configuration

EXIT_FAILED = 1
EXIT_CONFIG = 2
EXIT_INTERRUPTED = 130

EXTRA_OF_MODULE = {
    **dict.fromkeys(("pandas", "pyarrow"), "review"),
    **dict.fromkeys(("xarray", "h5netcdf", "h5py"), "grids"),
    "matplotlib": "plots",
    "python_calamine": "sheets",
    "weasyprint": "report",
    **dict.fromkeys(("aiokafka", "faust"), "kafka"),
}
"""What a plain installation lacks, and the extra that brings it."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    write_out_what_a_terminal_lacks()
    options = parser().parse_args(arguments)
    command = RUN[options.command]
    try:
        status = command(options)
        sys.stdout.flush()
    except ConfigError as error:
        print(error, file=sys.stderr)
        print(f"{len(error.faults)} fault(s); see docs/configuration.md", file=sys.stderr)
        return EXIT_CONFIG
    except BrokenPipeError:
        # Whoever read what is printed has seen enough (`| head`); nothing may be flushed at the exit either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_FAILED
    except (WarnstreamError, OSError) as error:  # a file that cannot be written, a port that is taken
        print(f"warnstream: {error}", file=sys.stderr)
        return EXIT_FAILED
    except ModuleNotFoundError as error:
        extra = EXTRA_OF_MODULE.get((error.name or "").partition(".")[0])
        if extra is None:
            raise
        extra = "demo" if command is _demo else extra
        print(
            f"warnstream: this command needs {error.name}, which an extra brings: "
            f"pip install 'warnstream[{extra}]'",
            file=sys.stderr,
        )
        return EXIT_FAILED
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    return status


def _load(directory: Path) -> "Configuration":
    from warnstream.config.load import load_configuration

    return load_configuration(directory)


def _check(options: argparse.Namespace) -> int:
    from warnstream.commands.end import removal_faults
    from warnstream.commands.reality import reality_looks
    from warnstream.commands.rule_tests.command import tests_looks
    from warnstream.config.schemas import write_schemas
    from warnstream.config.summary import lints, summarise

    if options.schema:
        write_schemas(options.schema)
    try:
        configuration = _load(options.directory)
    except ConfigError as error:
        return _print_faults(error, as_json=options.json)
    removed = list(removal_faults(configuration))
    if removed:
        return _print_faults(ConfigError(removed), as_json=options.json)
    print(summarise(configuration))
    directory = configuration.directory
    found = [*lints(configuration), *reality_looks(configuration), *tests_looks(directory)]
    for lint in found:
        print(f"look at: {lint}")
    return EXIT_CONFIG if found and options.strict else 0


def _import(options: argparse.Namespace) -> int:
    from warnstream.commands.importing.command import Options, run_import

    return run_import(Options.of(options))


def _init(options: argparse.Namespace) -> int:
    from warnstream.commands.init.command import Options, run_init

    return run_init(
        Options(
            files=tuple(options.files),
            out=options.out,
            mapped=tuple(options.map),
            fixed=tuple(options.set),
            units=tuple(options.unit),
            name=options.name,
            offset=options.utc_offset,
        )
    )


def _print_faults(error: ConfigError, *, as_json: bool) -> int:
    if not as_json:
        raise error
    for fault in error.faults:
        print(
            json.dumps(
                {"file": fault.file, "line": fault.line, "path": fault.path, "expected": fault.expected}
            )
        )
    return EXIT_CONFIG


def _doctor(options: argparse.Namespace) -> int:
    from warnstream.commands.doctor.command import run_doctor

    return run_doctor(_load(options.directory), as_json=options.json)


def _test(options: argparse.Namespace) -> int:
    from warnstream.commands.rule_tests.command import TestOptions, run_tests
    from warnstream.commands.rule_tests.of_case import run_case
    from warnstream.runners.cases.case import is_case

    if is_case(options.directory):
        if options.files or options.word or options.keep or options.coverage:
            raise WarnstreamError(f"{options.directory} is a case: it takes no FILE, -k, --keep, --coverage")
        return run_case(options.directory, junit=options.junit)
    return run_tests(
        TestOptions(
            options.directory,
            options.files,
            options.word,
            options.junit,
            options.keep,
            options.coverage,
            options.quiet,
        )
    )


def _run(options: argparse.Namespace) -> int:
    from warnstream.commands.run import run_node

    has_view = sys.stderr.isatty() and not options.log_json and not options.no_view
    run_node(
        options.directory,
        log_level=options.log_level,
        log_json=options.log_json,
        has_view=has_view,
        box=options.box,
        as_standby=options.as_standby,
    )
    return 0


def _takeover(options: argparse.Namespace) -> int:
    from warnstream.commands.standby.takeover import take_over

    print(take_over(_load(options.directory)))
    return 0


def _witness(options: argparse.Namespace) -> int:
    from warnstream.commands.standby.witness import run_witness

    return run_witness(options)


def _replay(options: argparse.Namespace) -> int:
    from warnstream.commands.replay import replay_archive

    return replay_archive(
        _load(options.directory),
        options.journal or options.readings,
        options.out,
        events=options.events,
        after_s=int(options.after * 3600),
        as_json=options.json,
        is_journal=options.journal is not None,
        with_grids=options.grids,
        alerts=options.alerts,
    )


def _compare(options: argparse.Namespace) -> int:
    from warnstream.commands.compare.command import Asked, run_compare

    return run_compare(Asked.of(options))


def _fit_forecast(options: argparse.Namespace) -> int:
    from warnstream.commands.fit_forecast.command import Asked, run_fit_forecast

    configuration = _load(options.directory)
    return run_fit_forecast(
        Asked(configuration, tuple(options.archives), options.out, options.name, options.folds)
    )


def _review(options: argparse.Namespace) -> int:
    from warnstream.commands.review.command import Asked, run_review

    return run_review(
        _load(options.directory),
        Asked(
            asked=tuple(options.asked),
            out=options.out,
            journal=options.journal,
            events=options.events,
            n_minutes=options.known_now,
            with_names=options.with_names,
            as_pdf=options.pdf,
            save_case=options.save_case,
            as_json=options.json,
        ),
    )


def _suggest(options: argparse.Namespace) -> int:
    from warnstream.commands.suggest.command import Options, run_suggest

    return run_suggest(
        _load(options.directory),
        Options(
            hazard=options.hazard,
            level=options.level,
            duration=options.duration,
            wish=options.wish,
            archives=tuple(options.archive),
            region=options.region,
            events=options.events,
            out=options.out,
            as_json=options.json,
        ),
    )


def _explain(options: argparse.Namespace) -> int:
    from warnstream.commands.explain import Question, explain

    question = Question(
        options.village,
        options.at,
        options.hazard,
        options.journal,
        options.readings,
        known_now=options.known_now,
    )
    return explain(_load(options.directory), question, as_json=options.json)


def _end(options: argparse.Namespace) -> int:
    from warnstream.commands.end import end_by_hand

    order = options.author, options.reason
    where, when = (options.village, options.hazard), (options.lasts, options.happened_at)
    print(end_by_hand(_load(options.directory), *where, order, *when))
    return 0


def _clock(options: argparse.Namespace) -> int:
    from warnstream.commands.clock import accept_clock

    print(accept_clock(_load(options.directory), options.author, options.reason))
    return 0


def _warnings(options: argparse.Namespace) -> int:
    from warnstream.commands.warnings import export_warnings

    configuration = _load(options.directory)
    count = export_warnings(configuration, options.out)
    if options.out:
        print(f"{count} messages written to {options.out}")
    return 0


def _bulletins(options: argparse.Namespace) -> int:
    from warnstream.commands.warnings import export_bulletins

    count = export_bulletins(_load(options.directory), options.out)
    if options.out:
        print(f"{count} bulletins written to {options.out}")
    return 0


def _who(options: argparse.Namespace) -> int:
    from warnstream.commands.who import lines, who

    configuration = _load(options.directory)
    record = who(configuration, options.village)
    text = "\n".join(lines(record, configuration.message.time_zone))
    print(json.dumps(record, ensure_ascii=False) if options.json else text)
    return 0


def _refused(options: argparse.Namespace) -> int:
    from warnstream.adapters.refused.reinjections import Choice
    from warnstream.commands.refused import list_refused, moment, reinject

    if options.limit is not None and options.limit < 1:
        raise WarnstreamError(f"--limit {options.limit}: expected at least 1")
    now_s = time.time()
    since_s, until_s = (moment(text, now_s) if text else None for text in (options.since, options.until))
    choice = Choice(options.reason, options.topic, since_s, until_s)
    configuration = _load(options.directory)
    if options.reinject:
        told, is_complete = reinject(configuration, choice, options.limit)
        print(told)
        return 0 if is_complete else EXIT_FAILED
    list_refused(configuration, choice, options.limit or 50, as_json=options.json)
    return 0


def _audit(options: argparse.Namespace) -> int:
    from warnstream.commands.audit import said, show_audit, verify_audit
    from warnstream.commands.refused import moment

    if options.action == "show":
        since_s = moment(options.since, time.time()) if options.since else None
        show_audit(_load(options.directory), since_s, options.village)
        return 0
    found = verify_audit(_load(options.directory), options.noted)
    print("\n".join(said(found)))
    return EXIT_FAILED if found.faults else 0


def _diff(options: argparse.Namespace) -> int:
    from warnstream.commands.bundles.diff import show_diff

    print(show_diff(options.a, options.b, options.storage, as_json=options.json))
    return 0


def _preview(options: argparse.Namespace) -> int:
    from warnstream.commands.bundles.preview import show_preview

    text, status = show_preview(
        _load(options.directory), options.storage, options.wakes_max, as_json=options.json
    )
    print(text)
    return status


def _reload(options: argparse.Namespace) -> int:
    from warnstream.commands.bundles.reload import reload_node
    from warnstream.runners.live.reloading.reloads import Wish

    wish = Wish(options.bundle, options.yes, options.person, options.alone)
    return reload_node(options.directory, wish, options.storage)


def _approve(options: argparse.Namespace) -> int:
    from warnstream.commands.bundles.approve import approve

    print(approve(options.directory, options.bundle, options.person, options.key, options.signature))
    return 0


def _demo(options: argparse.Namespace) -> int:
    from warnstream.commands.console.in_demo import Shown
    from warnstream.commands.demo.command import DemoOptions, run_demo

    return run_demo(
        DemoOptions(
            seed=options.seed,
            hours=options.hours,
            speed=options.speed,
            stations=options.stations,
            villages=options.villages,
            directory=options.keep,
            as_json=options.json,
            weather=options.weather,
            console=Shown.of(options),
        )
    )


RUN: Mapping[str, Callable[[argparse.Namespace], int]] = {
    "demo": _demo,
    "init": _init,
    "import": _import,
    "drill": run_drill,
    "duty": run_duty,
    **RUN_PAPER,
    **RUN_SHEETS,
    "check": _check,
    "doctor": _doctor,
    "test": _test,
    "run": _run,
    "takeover": _takeover,
    "witness": _witness,
    **RUN_CONSOLE,
    "replay": _replay,
    "compare": _compare,
    "fit-forecast": _fit_forecast,
    "review": _review,
    "suggest": _suggest,
    "explain": _explain,
    "warnings": _warnings,
    "bulletins": _bulletins,
    "who": _who,
    "end": _end,
    "clock": _clock,
    **RUN_ORDERS,
    **RUN_TRANSFERS,
    "refused": _refused,
    "audit": _audit,
    "diff": _diff,
    "preview": _preview,
    "reload": _reload,
    "approve": _approve,
    **RUN_TOKENS,
    **RUN_KAFKA,
}
"""By the name of the subcommand."""
