"""What a box has to do with the witness: it renews its right to lead, or asks for it."""

import logging
import ssl
import threading
from collections.abc import Callable

from warnstream.adapters.standby.connection import Connection, connect
from warnstream.adapters.standby.frames import ProtocolError
from warnstream.adapters.standby.messages import WITNESS, Hello, LeaseAsk, LeaseSaid
from warnstream.config.settings import BoxSettings, WitnessSettings
from warnstream.runners.witness.lease import Heir, Right
from warnstream.runners.witness.server import steady_s

log = logging.getLogger(__name__)

RENEWS = 6.0
"""A box that leads asks so often within the time of a lease."""

AUTOMATIC_S_MAX = 900.0
"""A box that has heard nothing for longer leads by a person's word alone: what it knows is old."""


class WitnessWatch:
    """Of one box, from its start to its end; `right` and `heir` are for every thread, in turn.

    Parameters
    ----------
    settings : WitnessSettings
    context : SSLContext or None
    hello : callable
        How this box greets.

    Attributes
    ----------
    trouble : str
        Why the witness does not answer; empty while it does.
    """

    def __init__(
        self, settings: WitnessSettings, context: ssl.SSLContext | None, hello: Callable[[], Hello]
    ) -> None:
        self._settings, self._context, self._hello = settings, context, hello
        self._place = BoxSettings(WITNESS, settings.host, settings.port)
        self._news, self._asking = threading.Condition(), threading.Lock()
        self.right = Right(settings.lease_s, settings.patience_s)
        self.heir = Heir(settings.patience_s, steady_s())
        self.trouble = "it has not been asked yet"
        self._term = 0
        self._is_closed = self._is_claiming = False
        self._connection: Connection | None = None
        self._on_refused: Callable[[str], None] = lambda _why: None
        threading.Thread(target=self._run, name="witness", daemon=True).start()

    # The box that leads.

    def lead(self, term: int, on_refused: Callable[[str], None]) -> None:
        """Renew the right to lead in a term from now on; `on_refused` is told that another box has it."""
        with self._news:
            self._term, self._on_refused = term, on_refused
            self._news.notify_all()

    def lead_no_more(self) -> None:
        """It has stopped."""
        with self._news:
            self._term = 0
            self.right.left()

    def may_lead(self) -> bool:
        """Whether this box may acknowledge, and tell people, at this moment."""
        with self._news:
            return self.right.has(steady_s())

    def confirmed(self, sent_s: float) -> None:
        """The box that stands by has confirmed what was sent to it at a time (`steady_s`)."""
        with self._news:
            self.right.confirmed(sent_s)

    def said(self) -> str:
        """For people: that the witness does not answer; empty if it does."""
        at = f"{self._settings.host}:{self._settings.port}"
        return f"no witness: {at} does not answer ({self.trouble})" if self.trouble else ""

    # The box that stands by.

    def begin_confirming(self, *, is_level: bool) -> bool:
        """Whether this box may confirm entries now: it does right after this, and gives its word by it."""
        with self._news:
            if self._is_claiming:
                return False
            self.heir.confirmed(steady_s(), is_level=is_level)
            return True

    def why_not_by_itself(self) -> str:
        """Why this box does not come to lead by itself, now that its patience is over; empty: it would."""
        with self._news:
            if not self.heir.was_level:
                return (
                    "this box did not have everything when it last heard of the other one: take over by hand"
                )
            if self.heir.silent_s(steady_s()) > AUTOMATIC_S_MAX:
                return f"nothing was heard for more than {AUTOMATIC_S_MAX:.0f} s: take over by hand"
        return ""

    def claim(self, term: int, *, is_given: bool = False, is_patient: bool = True) -> LeaseSaid | None:
        """Ask for the right to lead in a new term; None: the witness does not answer, or it is too early.

        Nothing is confirmed from here on until `claimed_no_more`, or for good where it is lent.
        """
        with self._news:
            if is_patient and not is_given and not self.heir.may_ask(steady_s()):
                return None
            self._is_claiming = True
        return self._ask(term, is_given=is_given)

    def claimed_no_more(self) -> None:
        """It may follow again."""
        with self._news:
            self._is_claiming = False

    def lead_by_hand(self) -> None:
        """Somebody wants it, and the witness does not answer."""
        with self._news:
            self.right.is_by_hand = True

    def close(self) -> None:
        """Nothing is asked any more."""
        with self._news:
            self._is_closed = True
            self._news.notify_all()
        if self._connection is not None:
            self._connection.close()

    def _run(self) -> None:
        while not self._is_closed:
            term = self._term
            try:
                if term:
                    self._renew(term)
                else:
                    self._ask(0)  # lends nothing: is it there?
            except Exception:  # who asks no more would lose the right in silence
                log.exception("the witness cannot be asked")
            with self._news:
                self._news.wait_for(
                    lambda: self._is_closed or self._term != term,  # noqa: B023  # of this turn
                    self._settings.lease_s / RENEWS,
                )

    def _renew(self, term: int) -> None:
        said = self._ask(term)
        if said is None or said.is_lent or self._term != term:
            return
        if said.term > term:
            self._on_refused(
                f"{said.holder} leads (term {said.term}) by the word of the witness; this box led in term "
                f"{term} and tells nobody anything any more: start it with --as-standby"
            )

    def _ask(self, term: int, *, is_given: bool = False) -> LeaseSaid | None:
        """What the witness says, taken into account; None if it does not answer."""
        with self._asking:
            asked_s = steady_s()  # before it is sent: its count begins later
            try:
                said = self._talk(LeaseAsk(term, self._settings.lease_s, is_given))
            except (OSError, ProtocolError) as error:
                self._drop()
                if not self.trouble:
                    log.warning("no witness", extra={"error": str(error)})
                self.trouble = str(error)
                return None
        if self.trouble:
            log.warning("the witness answers", extra={"at": f"{self._settings.host}:{self._settings.port}"})
        self.trouble = said.trouble
        with self._news:
            if said.is_lent and said.term == term:
                self.right.lent(asked_s)
            elif term and not said.trouble:
                self.right.refused()
        return said

    def _talk(self, ask: LeaseAsk) -> LeaseSaid:
        if self._connection is None:
            connection = connect(self._place, self._context)
            self._connection = connection
            connection.send(self._hello())
            theirs = connection.receive_hello()
            if theirs.box != WITNESS:
                raise ProtocolError(f"there is {theirs.box!r}, expected a witness")
        self._connection.send(ask)
        said = self._connection.receive()
        if not isinstance(said, LeaseSaid):
            raise ProtocolError(f"the witness said {type(said).__name__}")
        return said

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None
