"""At a change of shift what has not left yet goes to the phone of whoever holds the post now.

What is issued from then on is put down for that person anyway (`warnstream.delivery.plan`).
"""

from functools import partial

from warnstream.adapters.ledger.held_posts import HeldPosts
from warnstream.model.hands.roster import Way
from warnstream.model.network import Network
from warnstream.routing.duty import as_held
from warnstream.runners.live.recording.recorder import Recorder


class ShiftKeeper:
    """Watches the roster for one outbox; for the loop's thread.

    Parameters
    ----------
    outbox : HeldPosts
    recorder : Recorder
        Keeps the outbox; what it refuses is done later.
    """

    def __init__(self, outbox: HeldPosts, recorder: Recorder) -> None:
        self._outbox, self._recorder = outbox, recorder
        self._network: Network | None = None
        self._next_s = -1

    def look(self, network: Network, now_s: int) -> bool:
        """Readdress what waits, once for each change of shift or of the roster; whether that was due.

        While the outbox is behind it waits: what comes late is put down for the shift that it was issued in.
        """
        is_due = network is not self._network or now_s >= self._next_s
        if not is_due and self._recorder.is_level:
            return False
        had = self._network.roster.posts if self._network is not None else ()
        roster, self._network = network.roster, network
        if not roster.posts and not had:
            self._next_s = roster.next_change_s(now_s)
            return False
        if not self._recorder.is_level:
            self._next_s = -1
            return False
        self._next_s = roster.next_change_s(now_s)
        self._recorder.write(partial(self._outbox.ring_at, _ways(network, now_s, {*roster.posts, *had})))
        return True


def _ways(network: Network, now_s: int, posts: set[str]) -> dict[str, tuple[Way, ...]]:
    """How posts are rung now: by the phone of a shift, outside of any by all their own ways."""
    rows = as_held((row for row in network.chain if row.post in posts), network.roster, now_s)
    found: dict[str, tuple[Way, ...]] = {}
    for row in rows:
        found[row.post] = (*found.get(row.post, ()), (row.channel, row.address))
    return found
