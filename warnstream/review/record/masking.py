"""Names of people in a record: shown as codes, or masked by numbers that only the bundle's tables resolve."""

import re
from collections.abc import Iterable, Mapping

from warnstream.model.hands.orders import Operator
from warnstream.model.network import Network

_WORD = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.@-]*", re.ASCII)
"""A run of characters that a code in Latin letters can be, or a name that holds codes between dots."""


class Names:
    """How posts, doors and officers are written.

    A masked post is ``P`` and its place among the posts of chain.csv, a door ``D`` with the code of its
    village and its place there, an officer ``O`` and the place in operators.csv: whoever has the bundle can
    look them up, a reader can not.

    Parameters
    ----------
    network : Network
    operators : sequence of Operator
    is_shown : bool
    """

    def __init__(self, network: Network, operators: Iterable[Operator], *, is_shown: bool) -> None:
        self.is_shown = is_shown
        posts = dict.fromkeys(post.post for post in network.chain)
        self._post = {code: f"P{number:04d}" for number, code in enumerate(posts, start=1)}
        self._door = _doors(network)
        self._officer: dict[str, str] = {}
        for number, operator in enumerate(operators, start=1):
            for name in (operator.person, operator.name):
                if name:
                    self._officer.setdefault(name, f"O{number:02d}")
        # Names that no pattern finds between other characters, the longest first.
        everybody = {**self._door, **self._post, **self._officer}
        written = sorted((name for name in everybody if not name.isascii()), key=len, reverse=True)
        self._written = {name: everybody[name] for name in written}

    def post(self, code: str) -> str:
        """A post, whether chain.csv has it still or not."""
        return self._of(code, self._post, "P----")

    def door(self, code: str) -> str:
        """A door."""
        return self._of(code, self._door, "D----")

    def officer(self, name: str) -> str:
        """Whoever gave an order."""
        return self._of(name, self._officer, "O--")

    def anybody(self, code: str) -> str:
        """A post, a door or an officer, whichever it is."""
        if self.is_shown or not code:
            return code
        return self._post.get(code) or self._door.get(code) or self._officer.get(code) or "----"

    def text(self, words: str) -> str:
        """A sentence of the node's own, with every name masked; free words of people never come here."""
        if self.is_shown:
            return words
        for name, number in self._written.items():
            words = words.replace(name, number)
        return _WORD.sub(lambda found: self._word(found.group()), words)

    def _word(self, word: str) -> str:
        bare = word.rstrip(".-@")
        known = self._known(word) or self._known(bare)
        if known:
            return known + word[len(bare) :]
        return ".".join(self._known(part) or part for part in word.split("."))

    def _known(self, code: str) -> str:
        return self._post.get(code) or self._door.get(code) or self._officer.get(code) or ""

    def _of(self, code: str, numbers: Mapping[str, str], unknown: str) -> str:
        return code if self.is_shown or not code else numbers.get(code, unknown)


def _doors(network: Network) -> dict[str, str]:
    households = network.households
    found = {}
    for village, code in enumerate(network.villages.code):
        for place, door in enumerate(households.of_village(village), start=1):
            found[households.code[door]] = f"D{code}-{place}"
    return found
