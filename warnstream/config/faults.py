"""Faults of all files of a configuration, gathered before anything is refused.

A file of 900,000 households with a wrong encoding of its villages has 900,000
faults: of each file 50 are kept and the others counted.
"""

from collections import Counter
from collections.abc import Iterable
from difflib import get_close_matches

from warnstream.model.errors import ConfigError, Fault

FAULTS_PER_FILE_MAX = 50
LIKENESS_MIN = 0.65
"""Below that a known word is no suggestion (difflib's ratio)."""
KNOWN_WORDS_MAX = 20
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
    """Keeps the first faults of every file and counts the rest."""

    def __init__(self) -> None:
        self._kept: list[Fault] = []
        self._n_of_file: Counter[str] = Counter()

    def __len__(self) -> int:
        return self._n_of_file.total()

    def add(self, file: str, line: int, path: str, expected: str) -> None:
        """Note one fault; `line` 0 where the file as a whole is meant."""
        self._n_of_file[file] += 1
        if self._n_of_file[file] <= FAULTS_PER_FILE_MAX:
            self._kept.append(Fault(file, line, path, expected))

    def add_unknown(self, file: str, line: int, path: str, value: str, known: Iterable[str]) -> None:
        """Note a word that is not among the known; the last part of `path` says what it should be.

        The nearest word is searched only for faults that will be shown: the
        search takes milliseconds, and a large file can have every row wrong.
        """
        if self._n_of_file[file] >= FAULTS_PER_FILE_MAX:
            self._n_of_file[file] += 1
            return
        self.add(file, line, path, unknown(path.rpartition(".")[2], value, known))

    def raise_if_any(self) -> None:
        """Refuse the configuration if anything was noted.

        Raises
        ------
        ConfigError
            With the kept faults, and for each file with more of them one line
            that says how many there are.
        """
        if not self._kept:
            return
        more = [
            Fault(file, 0, "", f"{n} faults, of which {FAULTS_PER_FILE_MAX} are shown")
            for file, n in self._n_of_file.items()
            if n > FAULTS_PER_FILE_MAX
        ]
        raise ConfigError(self._kept + more)
