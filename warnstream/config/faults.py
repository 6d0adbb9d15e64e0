"""Faults of all files of a configuration, gathered before anything is refused.

A file of 900,000 households with a wrong encoding of its villages has 900,000
faults: of each file 50 are kept and the others counted.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from difflib import get_close_matches

from warnstream.config.rounding import is_rounded, rounded_words
from warnstream.model.errors import ConfigError, Fault

FAULTS_PER_FILE_MAX = 50
LIKENESS_MIN = 0.65
"""Below that a known word is no suggestion (difflib's ratio)."""
KNOWN_WORDS_MAX = 30
"""Longer lists of known words are not printed, only the nearest word."""


def unknown(what: str, value: str, known: Iterable[str]) -> str:
    """Sentence that refuses a word, names the known ones and suggests the nearest.

    Parameters
    ----------
    what : str
        Kind of the word, e.g. ``village``.
    value : str
        The word that was written.
    known : iterable of str
        Every word that would have been right.

    Examples
    --------
    >>> unknown("key", "tik", ["name", "tick"])
    "unknown key 'tik': did you mean 'tick'? Known here: name, tick"
    """
    words = sorted(known)
    near = get_close_matches(value, words, n=1, cutoff=LIKENESS_MIN)
    hint = f": did you mean {near[0]!r}?" if near else "."
    if not words:
        return f"unknown {what} {value!r}: there is none"
    if len(words) > KNOWN_WORDS_MAX:
        return f"unknown {what} {value!r}{hint if near else ''}"
    return f"unknown {what} {value!r}{hint} Known here: {', '.join(words)}"


class FaultLog:
    """Keeps the first faults of every file and counts the rest.

    A cause that makes many rows wrong at once (a column that a spreadsheet has rounded, a
    quote that swallowed the rest of a file) is one fault; what follows from it is none.
    """

    def __init__(self) -> None:
        self._kept: list[Fault] = []
        self._n_of_file: Counter[str] = Counter()
        self._n = 0  # asked after every row of a table
        self._rounded: dict[tuple[str, str], dict[int, str]] = {}
        self._incomplete: set[str] = set()

    def __len__(self) -> int:
        return self._n + sum(map(len, self._rounded.values()))

    def add(self, file: str, line: int, path: str, expected: str) -> None:
        """Note one fault; `line` 0 where the file as a whole is meant."""
        self._n += 1
        self._n_of_file[file] += 1
        if self._n_of_file[file] <= FAULTS_PER_FILE_MAX:
            self._kept.append(Fault(file, line, path, expected))

    def add_unknown(self, file: str, line: int, path: str, value: str, known: Iterable[str]) -> None:
        """Note a word that is not among the known; the last part of `path` says what it should be.

        The nearest word is searched only for faults that will be shown: the
        search takes milliseconds, and a large file can have every row wrong.
        """
        if is_rounded(value):
            self.add_rounded(file, line, path, value)
            return
        if self._n_of_file[file] >= FAULTS_PER_FILE_MAX:
            self._n += 1
            self._n_of_file[file] += 1
            return
        self.add(file, line, path, unknown(path.rpartition(".")[2], value, known))

    def add_rounded(self, file: str, line: int, column: str, code: str) -> None:
        """Note a code that a spreadsheet took for a number; all of a column are one fault."""
        self._rounded.setdefault((file, column), {})[line] = code

    def add_incomplete(self, file: str, line: int, expected: str) -> None:
        """Note what kept the rest of a file from being read: rows that refer to it are not reported."""
        self._incomplete.add(file)
        self.add(file, line, "", expected)

    def is_whole(self, file: str) -> bool:
        """Whether the codes of a file are known, so that what refers to them can be judged."""
        return file not in self._incomplete and not any(rounded == file for rounded, _ in self._rounded)

    def raise_if_any(self) -> None:
        """Refuse the configuration if anything was noted.

        Raises
        ------
        ConfigError
            With the kept faults, and for each file with more of them one line
            that says how many there are.
        """
        if not len(self):
            return
        kept = [*self._kept, *self._rounded_columns()]
        more = [
            Fault(file, 0, "", f"{n} faults, of which {FAULTS_PER_FILE_MAX} are shown")
            for file, n in self._n_of_file.items()
            if n > FAULTS_PER_FILE_MAX
        ]
        raise ConfigError(kept + more)

    def _rounded_columns(self) -> Iterator[Fault]:
        for (file, column), rows in self._rounded.items():
            line, code = next(iter(rows.items()))
            others = f" and {len(rows) - 1} more" if len(rows) > 1 else ""
            yield Fault(file, line, column, rounded_words(code, others))
