"""Sends what the outbox holds: one thread per channel, so that a slow one delays no other."""

import logging
import threading
import time
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from functools import partial

from warnstream.adapters.channels.channel import ConfiguredChannel
from warnstream.adapters.sending.sender import Sender, Shared
from warnstream.delivery.dispatch.finishing import Prospect

logger = logging.getLogger(__name__)

TAKE_EVERY_S = 0.01
"""Longest wait of a batch at the end for what it has led to."""


class DeliveryWorker:
    """All channels of a node, each in its own thread.

    Parameters
    ----------
    channels : mapping of str to ConfiguredChannel
        By name; the worker opens them, and closes them when it stops.
    shared : Shared
    """

    def __init__(self, channels: Mapping[str, ConfiguredChannel], shared: Shared) -> None:
        self._outbox, self._shared = shared.outbox, shared
        # Replaced, never changed: other threads go over them.
        self._senders = tuple(self._sender(name, configured) for name, configured in channels.items())
        self._leaving: tuple[Sender, ...] = ()
        self._exchanges: dict[str, threading.Thread] = {}

    def _sender(self, name: str, configured: ConfiguredChannel) -> Sender:
        sender = Sender(name, configured, self._shared)
        sender.rooms_beside, sender.wake_beside = partial(self._rooms_beside, sender), self.wake
        return sender

    def start(self) -> int:
        """Put back what was being sent when the process last ended, then start; returns how many that were.

        Raises
        ------
        StoreError
            If the outbox cannot be written.
        """
        recovered = self._outbox.recover()
        for sender in self._senders:
            sender.thread.start()
        return recovered

    def change(
        self, made: Mapping[str, ConfiguredChannel], gone: Collection[str], on_gone: Callable[[], None]
    ) -> None:
        """Let channels take the place of those of their name, and others go; nothing is waited for.

        Each one that leaves finishes the batch in hand and has its outcomes kept; only then the one that
        takes its place opens and sends. What waits is in the outbox meanwhile.

        Parameters
        ----------
        made : mapping of str to ConfiguredChannel
            New channels, and those that are another now.
        gone : collection of str
            Channels that there are no more.
        on_gone : callable
            Called in a thread of its own once one of these has ended.
        """
        before = {sender.name: sender for sender in self._senders}
        new = {name: self._sender(name, configured) for name, configured in made.items()}
        leaving = [sender for name, sender in before.items() if name in new or name in gone]
        self._leaving = (*filter(_is_alive, self._leaving), *leaving)
        stay = (sender for name, sender in before.items() if name not in gone)
        self._senders = (
            *(new.get(sender.name, sender) for sender in stay),
            *(sender for name, sender in new.items() if name not in before),
        )
        for sender in leaving:
            sender.ask_to_leave()
        for name in (*new, *(name for name in gone if name in before)):
            exchange = partial(
                self._exchange, name, self._exchanges.get(name), before.get(name), new.get(name)
            )
            thread = threading.Thread(target=exchange, args=(on_gone,), name=f"exchange-{name}", daemon=True)
            self._exchanges[name] = thread
            thread.start()

    def _exchange(
        self,
        name: str,
        earlier: threading.Thread | None,
        old: Sender | None,
        new: Sender | None,
        on_gone: Callable[[], None],
    ) -> None:
        if earlier is not None:
            earlier.join()  # changed again while its gateway hangs: who leaves may not have begun yet
        if old is not None:
            if old.thread.ident is not None:
                old.thread.join()
            old.channel.close()
            logger.info("channel has left", extra={"channel": name})
        if new is None:
            if name not in {sender.name for sender in self._senders}:
                with suppress(KeyError):  # it went twice while its gateway hung
                    self._shared.metrics.channel_held.remove(name)
            on_gone()
        elif not new.is_stopping:
            new.thread.start()

    def troubles(self) -> list[str]:
        """Why messages do not go out, one line per channel that is held or stuck. From any thread."""
        return [trouble for _, trouble in self.troubles_of()]

    def troubles_of(self) -> list[tuple[str, str]]:
        """As `troubles`, with the channel's name before each; of one that is to leave and hangs, too."""
        found: dict[str, str] = {}
        for sender in (*filter(_is_alive, self._leaving), *self._senders):
            if trouble := sender.trouble:
                found.setdefault(sender.name, trouble)
        return list(found.items())

    def reports(self) -> dict[str, str | None]:
        """Of each channel the trouble that lasts, empty where it works, None where that is not known."""
        return {sender.name: sender.report() for sender in self._senders}

    def prospects(self) -> dict[str, Prospect]:
        """Of each channel who waits and how long that takes, where that can be told. From any thread."""
        found = {sender.name: sender.prospect() for sender in self._senders}
        return {name: prospect for name, prospect in found.items() if prospect is not None}

    def rates(self) -> dict[str, float]:
        """Messages a second of each channel whose rate is seen or expected. From any thread."""
        found = {sender.name: sender.per_s() for sender in self._senders}
        return {name: rate for name, rate in found.items() if rate}

    def _rooms_beside(self, held: Sender) -> dict[str, int]:
        """Of every other channel that works how many doors of a held one it may be given."""
        found = {sender.name: sender.room_for_others() for sender in self._senders if sender is not held}
        return {name: room for name, room in found.items() if room is not None}

    def wake(self) -> None:
        """There may be new work, or the clock has moved."""
        for sender in self._senders:
            sender.wake()

    def drain(self, timeout_s: float) -> bool:
        """Wait until nothing is left to send on any channel; False if that took too long."""
        deadline = time.monotonic() + timeout_s
        self.wake()
        while any(self._outbox.open_count(sender.name) for sender in self._senders):
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.01)
        return True

    def stop(self, timeout_s: float = 30.0, meanwhile: Callable[[], None] | None = None) -> bool:
        """Finish the batches in hand, stop and close the channels; False if one did not end in time.

        A batch cut off by that is sent again after the next start, with the same keys. `meanwhile` is
        called again and again until then: by it whoever stops the worker takes what batches have led to.
        """
        for sender in (*self._senders, *self._leaving):
            sender.ask_to_stop()
        deadline = time.monotonic() + timeout_s
        has_ended = True
        for sender in (*self._senders, *self._leaving):
            if sender.thread.ident is not None:
                _join(sender.thread, deadline, meanwhile)
            if sender.thread.is_alive():
                logger.warning("channel did not stop in time", extra={"channel": sender.name})
                has_ended = False
            elif sender in self._senders:  # whoever leaves is closed where its place is taken
                sender.channel.close()
        return has_ended


def _join(thread: threading.Thread, deadline: float, meanwhile: Callable[[], None] | None) -> None:
    while thread.is_alive() and (left_s := deadline - time.monotonic()) > 0:
        if meanwhile is not None:
            meanwhile()
        thread.join(left_s if meanwhile is None else min(left_s, TAKE_EVERY_S))


def _is_alive(sender: Sender) -> bool:
    return sender.thread.is_alive()
