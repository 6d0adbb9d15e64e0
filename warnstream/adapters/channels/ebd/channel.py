"""Village loudspeakers: each is a door whose address is the area code of its village.

A bulletin is one package (play) with a text for ears; a newer one for the same village stops what still plays
there first. *Sent* means that the platform has taken it, *delivered* that its receipt says played. Played is
not heard: nobody answers from a loudspeaker, so it never ends a call.

A thread beside sends heartbeats and asks what became of broadcasts until they were played, have failed, or
should have ended. After a restart nobody asks any more about what was sent before; it counts as sent.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Self

import httpx

from warnstream.adapters.channels.channel import Inbound, LinkFault, OutgoingMessage, Surroundings
from warnstream.adapters.channels.ebd.loud_text import loud_text
from warnstream.adapters.channels.ebd.package import (
    PLAY,
    STOP,
    Broadcast,
    Header,
    PlatformAnswer,
    broadcast_package,
    digits_of,
    ebd_id,
    ebm_id,
    heartbeat_package,
    state_request,
)
from warnstream.adapters.channels.ebd.platform import Platform, SigningError
from warnstream.adapters.channels.own_fault import own_fault
from warnstream.adapters.channels.pace import Pace
from warnstream.config.channels.ebd import EbdChannelSection
from warnstream.delivery.dispatch.outcome import SENT, Outcome, doubtful, refused, retry, unavailable
from warnstream.model.errors import StoreError
from warnstream.model.level import Level
from warnstream.model.warning import MessageStatus

logger = logging.getLogger(__name__)

BATCH_MAX, BATCH_S_MAX = 16, 15.0

RECEIVED = frozenset({"", "0", "1"})
"""ResultCode of a package that was taken; other codes name what is wrong with it."""

WATCHED_MAX = 5_000
"""Broadcasts that are asked about; of more the oldest are not."""

AFTER_END_S = 120.0
"""So long after a broadcast should have ended its receipt is still asked for."""

OF_EVERYBODY = {401, 403, 404, 405, 407}
"""Statuses that speak of the request or the sender, never of one village."""


@dataclass(slots=True)
class _Playing:
    """What was sent to one area, and until when its receipt is asked for."""

    key: str
    ebm: str
    until_s: float


class EbdChannel:
    """One emergency broadcast platform.

    Parameters
    ----------
    section : EbdChannelSection
    platform : Platform
    clock : callable
        Wall clock, seconds since 1970 UTC.
    """

    def __init__(
        self, section: EbdChannelSection, platform: Platform, clock: Callable[[], float] = time.time
    ) -> None:
        self._section, self._platform, self._clock = section, platform, clock
        self._pace = Pace(section.rate_per_s)
        rounds = max(1, int(BATCH_S_MAX / section.timeout_s))
        self.batch_max = self._pace.room(min(BATCH_MAX, rounds), BATCH_S_MAX)
        self._inbound: Inbound | None = None
        self._playing: dict[str, _Playing] = {}
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._count = 0
        self._down_since: float | None = None
        self._down_why = ""

    @classmethod
    def of(cls, section: EbdChannelSection, around: Surroundings) -> Self:
        """As configured."""
        return cls(section, Platform(section, around.directory))

    def open(self, inbound: Inbound) -> None:
        """Get ready; heartbeats begin."""
        self._inbound = inbound
        self._platform.open()
        if self._thread is None:
            self._thread = threading.Thread(target=self._watch, name="ebd", daemon=True)
            self._thread.start()

    def link_fault(self) -> LinkFault | None:
        """Why the platform does not answer heartbeats, and for how long; None if it does."""
        since = self._down_since
        return None if since is None else LinkFault(self._down_why, time.monotonic() - since)

    def send(self, batch: Sequence[OutgoingMessage]) -> Sequence[Outcome]:
        """Have every message of the batch played; returns when the platform has taken or refused all."""
        return [self._send_one(message) for message in batch]

    def close(self) -> None:
        """Heartbeats end."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(self._section.timeout_s + 1.0)
        self._platform.close()

    # Sending.

    def _send_one(self, message: OutgoingMessage) -> Outcome:
        if not EbdChannelSection.is_address(message.address):
            return refused(f"the address is not {EbdChannelSection.address_expected}")
        try:
            self._stop_older(message)
            answer = self._platform.ask(broadcast_package(*self._play(message)))
        except Exception as error:  # noqa: BLE001  # one village's fault must not reach the others
            return outcome_of(error)
        if answer is not None and answer.ebd_type == "EBDResponse" and answer.result_code not in RECEIVED:
            return doubtful(f"the platform refused it ({answer.result_code} {answer.result_text[:80]})")
        self._note(message)
        return SENT

    def _play(self, message: OutgoingMessage) -> tuple[Header, Broadcast, str]:
        section, platform, now_s = self._section, self._platform, self._clock()
        text = loud_text(message.text_zh, message.status)
        is_exercise = message.status is MessageStatus.EXERCISE
        broadcast = Broadcast(
            ebm_id=ebm_id(section.source, message.key),
            msg_type=PLAY,
            sender_name=section.sender_name,
            sender_code=section.sender_code,
            event_type=section.event_types.get(message.hazard, section.event_type),
            severity=self._severity(message.level),
            start=platform.local(now_s),
            end=platform.local(now_s + section.plays_for_s),
            areas=(message.address,),
            title="演练" if is_exercise else "预警",
            text=text,
            test_type=section.test_type if is_exercise else "",
        )
        return platform.header(), broadcast, ebd_id(section.source, message.key)

    def _severity(self, level: Level) -> str:
        return str(getattr(self._section.severity, "blue" if level is Level.NONE else level.word))

    def _stop_older(self, message: OutgoingMessage) -> None:
        """What still plays in that village gives way; a stop that fails is no reason not to play."""
        with self._lock:
            older = self._playing.get(message.address)
        if older is None or older.key == message.key or self._clock() >= older.until_s - AFTER_END_S:
            return
        section, platform, now = self._section, self._platform, self._platform.local(self._clock())
        stop = Broadcast(
            ebm_id=ebm_id(section.source, f"stop {older.key}"),
            msg_type=STOP,
            sender_name=section.sender_name,
            sender_code=section.sender_code,
            event_type=section.event_types.get(message.hazard, section.event_type),
            severity=self._severity(message.level),
            start=now,
            end=now,
            areas=(message.address,),
            related=older.ebm,
        )
        identifier = ebd_id(section.source, f"stop {older.key}")
        try:
            platform.ask(broadcast_package(platform.header(), stop, identifier))
        except (httpx.HTTPError, SigningError) as error:
            logger.warning("an older broadcast could not be stopped", extra={"error": str(error)})

    def _note(self, message: OutgoingMessage) -> None:
        until_s = self._clock() + self._section.plays_for_s + AFTER_END_S
        playing = _Playing(message.key, ebm_id(self._section.source, message.key), until_s)
        with self._lock:
            self._playing.pop(message.address, None)
            self._playing[message.address] = playing
            while len(self._playing) > WATCHED_MAX:
                self._playing.pop(next(iter(self._playing)))

    # Beside it: heartbeats and receipts.

    def _watch(self) -> None:
        beat_at = poll_at = time.monotonic()
        while not self._stopping.wait(min(0.05, self._section.poll_s)):
            now = time.monotonic()
            if now >= beat_at:
                beat_at = now + self._section.heartbeat_s
                self._beat()
            if now >= poll_at:
                poll_at = now + self._section.poll_s
                self._poll()

    def _next_id(self, what: str) -> str:
        self._count += 1
        return ebd_id(self._section.source, f"{what} {self._clock()} {self._count}")

    def _beat(self) -> None:
        try:
            self._platform.ask(heartbeat_package(self._platform.header(), self._next_id("heartbeat")))
        except Exception as error:  # noqa: BLE001  # whatever it is, the next one is tried
            if self._down_since is None:
                self._down_since = time.monotonic()
                logger.warning("the platform does not answer", extra={"error": type(error).__name__})
            self._down_why = f"the platform does not answer ({type(error).__name__})"
            return
        self._down_since = None

    def _poll(self) -> None:
        now_s = self._clock()
        with self._lock:
            watched = list(self._playing.items())
        for address, broadcast in watched:
            if self._stopping.is_set():
                return
            try:
                is_settled = now_s >= broadcast.until_s or self._is_told(broadcast)
            except (StoreError, httpx.HTTPError, SigningError) as error:
                logger.warning("state of a broadcast not known", extra={"error": type(error).__name__})
                return
            except Exception:
                logger.exception("state of a broadcast cannot be taken")
                is_settled = True
            if is_settled:
                with self._lock:
                    if self._playing.get(address) is broadcast:
                        del self._playing[address]

    def _is_told(self, one: _Playing) -> bool:
        """Ask what became of a broadcast; whether that was its last word."""
        answer = self._platform.ask(
            state_request(self._platform.header(), one.ebm, self._next_id(digits_of(one.ebm, 8)))
        )
        if answer is None or answer.ebd_type != "EBMStateResponse" or answer.ebm_id != one.ebm:
            return False
        assert self._inbound is not None, "open comes first"
        return self._told(answer, one, self._inbound)

    def _told(self, answer: PlatformAnswer, one: _Playing, inbound: Inbound) -> bool:
        states = self._section.states
        if states.is_a(answer.state_code, "played"):
            inbound.delivered(one.key)
            return True
        if states.is_a(answer.state_code, "failed"):
            inbound.undelivered(one.key, f"the loudspeaker has not played it ({answer.state_text[:80]})")
            return True
        return False


def outcome_of(error: Exception) -> Outcome:
    """What an exception means for one message.

    >>> outcome_of(SigningError("the program that signs ended with 1")).is_sent
    False
    """
    own = str(error) if isinstance(error, SigningError) else own_fault(error)
    if own:
        return unavailable(own)
    if isinstance(error, httpx.HTTPStatusError):
        return _outcome_of_status(error.response)
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
        return unavailable(f"the platform is not reached ({type(error).__name__})")
    if isinstance(error, httpx.HTTPError):
        return retry(f"the platform broke off ({type(error).__name__})")
    logger.error("a package could not be sent", exc_info=error)
    return retry(f"the package could not be sent ({type(error).__name__})")


def _outcome_of_status(response: httpx.Response) -> Outcome:
    status = response.status_code
    reason = f"the platform answered {status}"
    if status in OF_EVERYBODY or response.is_redirect:
        return unavailable(reason)
    is_again = response.is_server_error or status in {408, 425, 429}
    return retry(reason) if is_again else doubtful(reason)
