"""What the demo sees of its node and of the storm; the storm goes no faster than the node judges."""

import threading
import time
from collections.abc import Callable

from station_sim.sending.publish import Progress, PublishSummary
from warnstream.engine import EngineStep
from warnstream.model.bulletins import Bulletin
from warnstream.model.digests import Digest
from warnstream.model.times import MINUTE_S
from warnstream.model.warning import WarningMessage

AHEAD_S = 2 * MINUTE_S
"""So far the storm may be ahead of what was judged: on an idle machine it never waits for that."""

WAIT_S = 60.0
"""A node that judges nothing for so long is waited for no more; the end of the demo tells what was lost."""

LOOK_S = 0.05


class Watch:
    """What was issued, and how far storm and node are; written by the node's and the publisher's threads.

    Parameters
    ----------
    judged_s : callable
        Time of the node's last step; 0 before the first.

    Attributes
    ----------
    messages, bulletins, digests : list
        Of all steps so far.
    progress : Progress or None
        Of the storm.
    published : PublishSummary or None
        Once the storm is over.
    """

    def __init__(self, judged_s: Callable[[], int]) -> None:
        self._judged_s = judged_s
        self.messages: list[WarningMessage] = []
        self.bulletins: list[Bulletin] = []
        self.digests: list[Digest] = []
        self.progress: Progress | None = None
        self.published: PublishSummary | None = None

    def take_step(self, step: EngineStep) -> None:
        """Remember what a step of the engine issued."""
        self.messages += step.effects.messages
        self.bulletins += step.effects.bulletins
        self.digests += step.effects.digests

    def take_published(self, published: PublishSummary) -> None:
        """Remember what was published in all."""
        self.published = published

    def take_progress(self, progress: Progress, stop: threading.Event) -> None:
        """Remember how far the storm is; hold it while the node is behind.

        The broker takes messages as fast as they come. On a busy machine they would pile up there, and count
        as lost, or as warned of late, at the end.
        """
        self.progress = progress
        deadline = time.monotonic() + WAIT_S
        while 0 < self._judged_s() < progress.time_s - AHEAD_S:
            if stop.wait(LOOK_S) or time.monotonic() > deadline:
                return
