"""What a broker really does with our session, as far as it shows: kept, forgotten, shared, granted less.

A node trusts the broker to keep what comes while it is away. Four things can
break that without an error: the broker has forgotten the session, it grants
less than QoS 1, another client connects under our client identifier and takes
part of the stream, or the connection ends again and again. Each is an alarm
with a begin and an end.

Times are of a clock that never goes back.
"""

from collections.abc import Sequence

from warnstream.model.alarms import AlarmPort

TAKEN_OVER = 0x8E
"""MQTT 5: another client has connected with our identifier."""

SHORT_S = 30.0
SHORT_MAX = 3
"""So many connections in a row that ended so soon are a loop."""

STEADY_S = 60.0
"""A connection that stands for so long ends the alarm of a loop."""

LOST_TOLD_S = 3_600.0
"""How long `/readyz` says that a session was lost, if the broker does not show one before."""


class SessionWatch:
    """One session of one node.

    Parameters
    ----------
    alarms : AlarmPort
    client_id : str
    expiry_s : int
        How long we ask an MQTT 5 broker to keep the session.
    expects_session : bool
        This node has run before, so that the broker should know it.
    """

    def __init__(self, alarms: AlarmPort, client_id: str, expiry_s: int, *, expects_session: bool) -> None:
        self._alarms = alarms
        self._client_id = client_id
        self._expiry_s = expiry_s
        self._expects_session = expects_session
        self._is_kept = False
        self._connected_at_s: float | None = None
        self._lost_at_s: float | None = None
        self._short = 0

    def connected(self, now_s: float, *, is_present: bool, is_v5: bool, expiry_s: int | None) -> None:
        """The broker has accepted us.

        Parameters
        ----------
        is_present : bool
            It still has our session.
        expiry_s : int or None
            How long an MQTT 5 broker keeps it, if it says so; None: as long as we asked.
        """
        self._connected_at_s = now_s
        self._end("refused")
        kept_s = self._expiry_s if expiry_s is None else expiry_s
        # In 3.1.1 only a session that is still there proves that the broker keeps one.
        self._is_kept = is_present or (is_v5 and kept_s > 0)
        if is_v5 and kept_s < self._expiry_s:
            self._begin(
                "session_short",
                f"the broker keeps the session {self._client_id} for {kept_s} s only: what comes in a longer "
                f"absence is lost; raise its limit of session expiry to {self._expiry_s} s",
            )
        else:
            self._end("session_short")
        if is_present:
            self._found_again()
        elif self._expects_session:
            self._lost_at_s = now_s
            self._begin(
                "session_lost",
                f"the broker has forgotten the session {self._client_id}: what came for it while this node "
                "was away is lost; let it keep sessions on disk",
            )
        self._expects_session = True

    def granted(self, qualities: Sequence[int]) -> None:
        """QoS that the broker granted to our subscriptions, of which we asked 1."""
        less = sum(qos < 1 for qos in qualities)
        if less:
            self._begin(
                "qos_0",
                f"the broker grants QoS 0 to {less} of {len(qualities)} subscriptions of {self._client_id}: "
                "what it sends is lost when a connection ends, and it keeps nothing for us",
            )
            self._is_kept = False
        else:
            self._end("qos_0")

    def refused(self, reason: str) -> None:
        """It did not accept us, or not our subscriptions."""
        self._begin("refused", f"the broker refuses {self._client_id}: {reason}")

    def disconnected(self, now_s: float, code: int, reason: str) -> str:
        """The connection ended by itself; what is to be logged."""
        lasted_s = 0.0 if self._connected_at_s is None else now_s - self._connected_at_s
        if self._connected_at_s is not None:
            self._short = self._short + 1 if lasted_s < SHORT_S else 0
        self._connected_at_s = None
        if code == TAKEN_OVER:
            self._begin("taken_over", self._shared("the broker says so"))
        elif self._short >= SHORT_MAX:
            self._begin(
                "reconnecting",
                f"the connection of {self._client_id} ended {self._short} times in a row within "
                f"{SHORT_S:g} s ({reason}); {self._shared('that is the usual cause')}",
            )
        if self._is_kept:
            return "broker lost; what it gets meanwhile is kept there"
        return "broker lost; it has not shown that it keeps what it gets meanwhile"

    def look(self, now_s: float) -> None:
        """End what is over with time; asked now and then."""
        if self._connected_at_s is not None and now_s - self._connected_at_s >= STEADY_S:
            self._short = 0
            self._end("taken_over")
            self._end("reconnecting")
        if self._lost_at_s is not None and now_s - self._lost_at_s >= LOST_TOLD_S:
            self._found_again()

    def _found_again(self) -> None:
        self._lost_at_s = None
        self._end("session_lost")

    def _shared(self, how: str) -> str:
        return (
            f"another client connects as {self._client_id} ({how}) and takes part of the readings; "
            "give every node a broker.client_id of its own"
        )

    def _begin(self, what: str, text: str) -> None:
        self._alarms.raise_alarm(f"broker:{self._client_id} {what}", text)

    def _end(self, what: str) -> None:
        self._alarms.end_alarm(f"broker:{self._client_id} {what}")
