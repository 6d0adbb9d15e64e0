"""Parts of a step that may fail without taking the others with them.

A part that raises is reported by its name and leaves something safe in its
place: what was known last, or that nothing is known. The next step tries it
again. What a part had changed before it raised stays changed.
"""

from collections.abc import Callable
from typing import TypeVar

from warnstream.model.errors import describe

Result = TypeVar("Result")


class Isolation:
    """Runs the parts of one step.

    Attributes
    ----------
    failures : dict of str to str
        Part -> error text, of those that raised.
    """

    def __init__(self) -> None:
        self.failures: dict[str, str] = {}

    def run(self, part: str, work: Callable[[], Result], otherwise: Result) -> Result:
        """What `work` gives; `otherwise` if it raises, and the part is reported."""
        try:
            return work()
        except Exception as error:  # noqa: BLE001  # no part of a step silences another
            self.failures[part] = describe(error)
            return otherwise
