"""Changes the code a little, over and over: mutants that the tests must notice.

``python -m tests.mutants.run [--again] [--rest] [--sample] [--table] [WORD ...]`` mutates the modules of
`modules.toml` (those whose path holds a WORD) one after the other with mutmut, each against its own selection
of unit and property tests, and prints a table. It fails where less than `SHARE_MIN` of the mutants of a
module are killed. Survivors that are known, with the reason of each, stand in `survivors.toml`; others are
printed.

Every module is mutated in a copy of the repository under ``build/mutants``. Property tests draw the same
examples in every run (profile "mutants" of `tests/conftest.py`), so that a mutant meets the same tests again.
With ``--again`` only the mutants that the run before did not kill meet the tests as they are now, while the
module is the same; with ``--sample`` every fifth mutant meets them: both are quick, when tests are written.
``--rest`` goes on where a run was stopped or sampled: with those alive, and those that met no test yet.
``--table`` runs nothing and tells what the runs before have found.
mutmut leaves out functions with decorators and what stands outside functions.
"""

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
import tomllib
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parent.parent
WORK = REPOSITORY / "build" / "mutants"

SHARE_MIN = 0.85
"""Least share of the mutants of a module that tests must kill."""

FOLDERS = ("warnstream", "station_sim", "tests", "configs", "docs")
"""What tests read, beside pyproject.toml."""

EVERY_FIFTH = ("*__mutmut_*3", "*__mutmut_*7")
"""Mutants are numbered within their function."""

SETTINGS = """
[tool.mutmut]
source_paths = ["warnstream"]
only_mutate = [{path}]
also_copy = ["station_sim", "configs", "docs"]
pytest_add_cli_args = [
  "-p", "no:randomly", "-p", "no:cacheprovider", "--hypothesis-profile=mutants",
  # These collect garbage or set up handlers at every start of pytest, and there is one for every mutant.
  "-p", "no:unraisableexception", "-p", "no:threadexception", "-p", "no:faulthandler", "-p", "no:logging",
]
pytest_add_cli_args_test_selection = {tests}
use_git_change_detection = false
# Seconds by the wall, added to what the tests of a mutant take together, and how often that: then it hangs.
# On a busy machine a mutant waits for seconds, and would count as noticed.
timeout_constant = 10
timeout_multiplier = 4
"""
OPTIONS = {"--again", "--rest", "--sample", "--table"}
KILLED = {1, 3}
OUT_OF_TIME = {36, -24, 24, 152, 255}
NO_TESTS = {5, 33}
"""Exit codes by which mutmut keeps what became of a mutant; all others, 0 first of all, are survivors."""


@dataclass(frozen=True, slots=True)
class Module:
    """A module to mutate, and the tests that concern it; paths from the root of the repository."""

    path: str
    tests: tuple[str, ...]

    @property
    def folder(self) -> Path:
        """Where it is mutated."""
        return WORK / self.path.removesuffix(".py").replace("/", ".")


@dataclass(frozen=True, slots=True)
class Survivor:
    """A mutant that no test noticed: its function and the lines taken out and put in."""

    function: str
    taken: str
    put: str

    def is_explained_by(self, known: dict[str, str]) -> bool:
        """Whether an entry of `survivors.toml` names its function, the line and, if given, the change.

        A way of writing (`from`, `to`) explains every line that is otherwise as it was.
        """
        if "from" in known:
            return self._is_only(known["from"], known["to"])
        is_line = known["function"] == self.function and known["line"] == self.taken
        return is_line and known.get("becomes", self.put) == self.put

    def _is_only(self, before: str, after: str) -> bool:
        """Whether one place of the line says `after` for `before`, and nothing else is another."""
        begins = [match.start() for match in re.finditer(re.escape(before), self.taken)]
        return any(
            self.taken[:begin] + after + self.taken[begin + len(before) :] == self.put for begin in begins
        )


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the mutants of a module."""

    module: Module
    killed: int
    out_of_time: int
    no_tests: int
    survivors: tuple[Survivor, ...]
    not_run: int
    took_s: float

    @property
    def mutants(self) -> int:
        """How many were run."""
        return self.killed + self.out_of_time + self.no_tests + len(self.survivors)

    @property
    def share(self) -> float:
        """Part of them that was killed; a mutant that never ends is noticed, too."""
        return (self.killed + self.out_of_time) / max(self.mutants, 1)

    def row(self) -> str:
        """A line of the table."""
        return (
            f"| {self.module.path} | {self.mutants} | {self.mutants + self.not_run} "
            f"| {self.killed + self.out_of_time} | {self.out_of_time} | {len(self.survivors)} "
            f"| {self.no_tests} | {100 * self.share:.0f} % | {self.took_s:.0f} |"
        )


def main(arguments: list[str]) -> int:
    """Exit code: 1 where too many mutants of a module live, a survivor has no reason, or mutmut fails."""
    options = {word for word in arguments if word.startswith("--")}
    words = [word for word in arguments if word not in options]
    if options - OPTIONS:
        print(f"options are {sorted(OPTIONS)}, got {sorted(options)}", file=sys.stderr)
        return 2
    modules = [module for module in all_modules() if not words or any(word in module.path for word in words)]
    if not modules:
        print(f"no module of {HERE / 'modules.toml'} holds one of the words {words}", file=sys.stderr)
        return 2
    if find_spec("mutmut") is None:
        print("mutmut is not installed: pip install -e '.[mutants]'", file=sys.stderr)
        return 2
    outcomes, failed = [], []
    for module in modules:
        try:
            outcomes.append(found_before(module) if "--table" in options else mutate(module, options))
        except RuntimeError as error:  # the other modules have their turn
            failed.append(str(error))
    unexplained = sum(tell_survivors(outcome, known_survivors()) for outcome in outcomes)
    print("| module | run | of all | killed | of these out of time | survived | no tests | share | seconds |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|---:|")
    for outcome in outcomes:
        print(outcome.row())
    for why in failed:
        print(why, file=sys.stderr)
    low = [outcome.module.path for outcome in outcomes if outcome.share < SHARE_MIN]
    if low:
        print(f"less than {100 * SHARE_MIN:.0f} % killed: {', '.join(low)}", file=sys.stderr)
    if unexplained:
        print(f"{unexplained} survivors have no reason in tests/mutants/survivors.toml", file=sys.stderr)
    return 1 if failed or low or unexplained else 0


def all_modules() -> list[Module]:
    """Entries of `modules.toml`."""
    entries = tomllib.loads((HERE / "modules.toml").read_text(encoding="utf-8"))["module"]
    return [Module(entry["path"], tuple(entry["tests"])) for entry in entries]


def known_survivors() -> list[dict[str, str]]:
    """Entries of `survivors.toml`: module, function, line, perhaps what it becomes, and the reason."""
    entries = tomllib.loads((HERE / "survivors.toml").read_text(encoding="utf-8"))
    return [*entries["survivor"], *entries["notation"]]


def mutate(module: Module, options: set[str]) -> Outcome:
    """Run all mutants of one module, or those that the options name; RuntimeError where mutmut could not."""
    chosen: tuple[str, ...] = EVERY_FIFTH if "--sample" in options else ()
    if options & {"--again", "--rest"} and is_same(module):
        chosen = tuple(
            name
            for name, code in all_codes_of(module).items()
            if ("--rest" in options if code is None else code not in KILLED)
        )
        if not chosen:
            return judged(module, 0.0)
        copy_tree(REPOSITORY / "tests", module.folder / "tests")
        copy_tree(REPOSITORY / "tests", module.folder / "mutants" / "tests")
    else:
        shutil.rmtree(module.folder, ignore_errors=True)
        for name in FOLDERS:
            copy_tree(REPOSITORY / name, module.folder / name)
    own = SETTINGS.format(path=json.dumps(module.path), tests=json.dumps(list(module.tests)))
    settings = (REPOSITORY / "pyproject.toml").read_text(encoding="utf-8") + own
    (module.folder / "pyproject.toml").write_text(settings, encoding="utf-8")
    print(f"{module.path} ...", file=sys.stderr, flush=True)
    begun = time.monotonic()
    log = module.folder / "log"
    with log.open("wb") as output:
        done = subprocess.run(
            [sys.executable, "-m", "mutmut", "run", "--max-children", "1", *chosen],
            cwd=module.folder,
            env={**os.environ, "PYTHONPATH": ""},
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if done.returncode != 0 or not meta_of(module).is_file():
        raise RuntimeError(f"mutmut failed on {module.path} (exit code {done.returncode}); see {log}")
    return judged(module, time.monotonic() - begun)


def copy_tree(source: Path, target: Path) -> None:
    """Copy a folder anew."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))


def meta_of(module: Module) -> Path:
    """Where mutmut keeps what became of the mutants of a module."""
    return module.folder / "mutants" / f"{module.path}.meta"


def all_codes_of(module: Module) -> dict[str, int | None]:
    """Exit code by name of every mutant, None of those that were not run."""
    codes: dict[str, int | None] = json.loads(meta_of(module).read_text())["exit_code_by_key"]
    return codes


def is_same(module: Module) -> bool:
    """Whether it was the present module that was mutated last."""
    kept = module.folder / module.path
    is_kept = kept.is_file() and meta_of(module).is_file()
    return is_kept and kept.read_bytes() == (REPOSITORY / module.path).read_bytes()


def found_before(module: Module) -> Outcome:
    """What earlier runs have found; RuntimeError where there was none, or the module was another then."""
    if not is_same(module):
        raise RuntimeError(f"{module.path} was not mutated as it is now")
    return judged(module, 0.0)


def judged(module: Module, took_s: float) -> Outcome:
    """Count what became of mutants; those that no test noticed are looked at."""
    every = all_codes_of(module)
    code_of = {name: code for name, code in every.items() if code is not None}
    codes = list(code_of.values())
    told = KILLED | OUT_OF_TIME | NO_TESTS
    alive = [name for name, code in code_of.items() if code not in told]
    return Outcome(
        module,
        killed=sum(code in KILLED for code in codes),
        out_of_time=sum(code in OUT_OF_TIME for code in codes),
        no_tests=sum(code in NO_TESTS for code in codes),
        survivors=tuple(survivors_of(module, alive)),
        not_run=len(every) - len(code_of),
        took_s=took_s,
    )


def survivors_of(module: Module, names: list[str]) -> list[Survivor]:
    """The changes behind names of mutants."""
    from mutmut.configuration import reset_config
    from mutmut.mutation.diff_apply import get_diff_for_mutant

    found = []
    with contextlib.chdir(module.folder):
        reset_config()
        for name in names:
            lines = get_diff_for_mutant(name, path=module.path).splitlines()
            taken = [line[1:].strip() for line in lines if line[:1] == "-" and line[:3] != "---"]
            put = [line[1:].strip() for line in lines if line[:1] == "+" and line[:3] != "+++"]
            found.append(Survivor(function_of(name), " ".join(taken), " ".join(put)))
    return found


def function_of(name: str) -> str:
    """Name of a function by that of one of its mutants.

    >>> function_of("warnstream.a.b.xǁLevelStateǁ_stay__mutmut_3")
    'LevelState._stay'
    >>> function_of("warnstream.a.b.x_next__mutmut_1")
    'next'
    """
    function = name.rpartition("__mutmut_")[0].rpartition(".")[2]
    if "ǁ" in function:
        return ".".join(function.split("ǁ")[1:])
    return function.removeprefix("x_")


def tell_survivors(outcome: Outcome, known: list[dict[str, str]]) -> int:
    """Print survivors without a reason and reasons without a survivor; how many of the former."""
    own = [entry for entry in known if entry.get("module", outcome.module.path) == outcome.module.path]
    unexplained = [
        survivor
        for survivor in outcome.survivors
        if not any(survivor.is_explained_by(entry) for entry in own)
    ]
    for survivor in unexplained:
        print(f"{outcome.module.path}: {survivor.function}\n  - {survivor.taken}\n  + {survivor.put}")
    for entry in own:
        if "module" in entry and not any(survivor.is_explained_by(entry) for survivor in outcome.survivors):
            print(
                f"{outcome.module.path}: {entry['function']}: {entry['line']!r} has a reason and no survivor"
            )
    return len(unexplained)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
