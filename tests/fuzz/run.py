"""The fuzzing campaign: ``python -m tests.fuzz.run --minutes 10`` (or ``make fuzz``).

Each target runs in a process of its own, one after the other. What makes a
check fail, the process die or stand still is saved below ``--out`` and
printed in hexadecimal; put it into ``tests/fuzz/regressions.py``, which every
run of the test suite reads first.

Inputs are mutated by `tests.fuzz.mutate` from a seed. With ``--engine
atheris`` (``pip install -e '.[fuzz]'``) they are chosen by coverage instead.
"""

import argparse
import json
import mmap
import os
import struct
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from tests.fuzz.alert_targets import alert_targets
from tests.fuzz.campaign import Outcome, run_target
from tests.fuzz.mqtt_targets import mqtt_targets
from tests.fuzz.targets import Target, decoder_targets

NOTE_BYTES = 1024 * 1024
STILL_S_MAX = 300.0
"""A process that begins no new input for so long is stuck below Python."""


def all_targets() -> dict[str, Target]:
    """Targets by name, in the order they run."""
    return {target.name: target for target in (*decoder_targets(), *alert_targets(), *mqtt_targets())}


class Note:
    """The input that runs just now, in a file that outlives the process."""

    def __init__(self, path: Path) -> None:
        if not path.exists() or path.stat().st_size != NOTE_BYTES:
            path.write_bytes(bytes(NOTE_BYTES))
        with path.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), NOTE_BYTES)

    def write(self, number: int, payload: bytes) -> None:
        """Before the input runs."""
        self._map[12 : 12 + len(payload)] = payload
        self._map[:12] = struct.pack("<QI", number, len(payload))

    def read(self) -> tuple[int, bytes]:
        """Its number, and the input."""
        number, size = struct.unpack("<QI", self._map[:12])
        return number, bytes(self._map[12 : 12 + size])


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the campaign; returns 1 if there was a finding."""
    options = _parser().parse_args(arguments)
    targets = all_targets()
    if options.list:
        print("\n".join(targets))
        return 0
    chosen = options.target or list(targets)
    unknown = sorted(set(chosen) - set(targets))
    if unknown:
        print(f"no target {', '.join(unknown)}; --list names them", file=sys.stderr)
        return 2
    options.out.mkdir(parents=True, exist_ok=True)
    if options.child:
        return _child(targets[chosen[0]], options)
    findings = 0
    for name in chosen:
        outcome = _run_in_process(name, options)
        print(outcome.as_text(), flush=True)
        if outcome.finding:
            findings += 1
            path = options.out / f"{name}-{options.seed}.bin"
            path.write_bytes(outcome.payload)
            print(f"  saved as {path}", flush=True)
    print(f"{len(chosen)} targets, {findings} with a finding", flush=True)
    return int(findings > 0)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.fuzz.run", description=(__doc__ or "").split("\n", 1)[0]
    )
    parser.add_argument("--minutes", type=float, default=10.0, help="for each target (default 10)")
    parser.add_argument("--target", action="append", help="only this one; may be repeated")
    parser.add_argument("--seed", type=int, default=None, help="default: from the clock; printed")
    parser.add_argument("--engine", choices=("own", "atheris"), default="own", help="what makes the inputs")
    parser.add_argument("--out", type=Path, default=Path("fuzz-findings"), help="where findings are saved")
    parser.add_argument("--list", action="store_true", help="name the targets and end")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    parser.set_defaults(seed=None)
    return parser


def _run_in_process(name: str, options: argparse.Namespace) -> Outcome:
    """One target in a process of its own; its death or standstill is a finding too."""
    if options.seed is None:
        options.seed = int(time.time())
    note, result = options.out / f"{name}.note", options.out / f"{name}.json"
    result.unlink(missing_ok=True)
    reader = Note(note)
    command = [
        sys.executable,
        "-m",
        "tests.fuzz.run",
        "--child",
        "--target",
        name,
        "--seed",
        str(options.seed),
    ]
    command += ["--minutes", str(options.minutes), "--out", str(options.out), "--engine", options.engine]
    process = subprocess.Popen(command)
    number, since = -1, time.monotonic()
    while process.poll() is None:
        time.sleep(0.5)
        now = reader.read()[0]
        if now != number:
            number, since = now, time.monotonic()
        elif time.monotonic() - since > STILL_S_MAX:
            process.kill()
            process.wait()
    if result.exists():
        found = json.loads(result.read_text(encoding="utf-8"))
        found["payload"] = bytes.fromhex(found["payload"])
        outcome = Outcome(**{**found, "words": Outcome(name, 0).words})
        outcome.words.update(found["words"])
        return outcome
    number, payload = reader.read()
    return Outcome(
        name, options.seed, number, finding=f"the process ended with {process.returncode}", payload=payload
    )


def _child(target: Target, options: argparse.Namespace) -> int:
    note = Note(options.out / f"{target.name}.note")
    seconds = options.minutes * 60

    def tell(outcome: Outcome) -> None:
        told = {**asdict(outcome), "payload": outcome.payload.hex(), "words": dict(outcome.words)}
        (options.out / f"{target.name}.json").write_text(json.dumps(told), encoding="utf-8")

    if options.engine == "atheris":
        from tests.fuzz.coverage_guided import run_under_atheris

        corpus = options.out / f"{target.name}.corpus"
        run_under_atheris(
            target, seed=options.seed, seconds=seconds, corpus=corpus, note=note.write, tell=tell
        )
    tell(run_target(target, seed=options.seed, seconds=seconds, note=note.write))
    return 0


if __name__ == "__main__":
    os.environ.setdefault("PYTHONHASHSEED", "0")
    sys.exit(main())
