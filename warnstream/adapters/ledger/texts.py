"""What doors are told of a bulletin: the text that is kept for its village's topic, else rendered now."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from warnstream.adapters.outbox.bulletins import bulletin_row
from warnstream.adapters.outbox.types import StoredMessage
from warnstream.model.bulletins import Bulletin
from warnstream.model.effects import RenderedBulletin
from warnstream.model.errors import StoreError

READY_MAX = 5_000
"""Bulletins whose texts are kept at hand: more than a county has villages."""

RECORD = 10
"""Place of the record among the columns of a row: channels do not need it twice."""

Stored = Callable[[str], StoredMessage | None]
RenderBulletin = Callable[[Bulletin], RenderedBulletin]


class BulletinTexts:
    """Texts of bulletins, each looked for once; any thread.

    Parameters
    ----------
    stored : callable
        What is kept under an identifier; StoreError if that cannot be read.

    Attributes
    ----------
    render : callable or None
        Makes texts of a bulletin that is not kept: the same ones, since it is a pure function.
    """

    def __init__(self, stored: Stored) -> None:
        self._stored = stored
        self.render: RenderBulletin | None = None
        self._ready: dict[str, StoredMessage] = {}

    def of(self, identifier: str, newest: Bulletin | None) -> StoredMessage:
        """As channels need it; `newest` is the village's newest bulletin, where this process knows it.

        Raises
        ------
        StoreError
            If the bulletin is neither kept nor known.
        """
        found = self._ready.get(identifier)
        if found is None:
            found = self._looked_up(identifier, newest)
            if len(self._ready) >= READY_MAX:
                self._ready.clear()
            self._ready[identifier] = found
        return found

    def older(self, identifier: str, current: StoredMessage) -> StoredMessage:
        """A bulletin that another one has replaced; by its name alone where its text is not kept."""
        try:
            return self.of(identifier, None)
        except StoreError:
            return replace(current, identifier=identifier)

    def _looked_up(self, identifier: str, newest: Bulletin | None) -> StoredMessage:
        can_render = newest is not None and newest.identifier == identifier and self.render is not None
        found = None
        with suppress(*((StoreError,) if can_render else ())):
            found = self._stored(identifier)
        if found is None and can_render:
            assert newest is not None
            assert self.render is not None
            found = as_stored(self.render(newest))
        if found is None:
            raise StoreError(f"{identifier}: the text of this bulletin is not kept", retryable=True)
        return found


def as_stored(rendered: RenderedBulletin) -> StoredMessage:
    """A bulletin as its row would hand it out."""
    columns = bulletin_row(rendered)
    return StoredMessage(*columns[:RECORD], *columns[RECORD + 1 :])  # type: ignore[arg-type]
