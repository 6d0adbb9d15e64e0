"""What the demo sees of its node and of the storm; the storm goes no faster than the node takes it."""

import threading
import time
from collections.abc import Callable

from station_sim.sending.publish import Progress, PublishSummary
from warnstream.engine import EngineStep
from warnstream.model.bulletins import Bulletin
from warnstream.model.digests import Digest
from warnstream.model.warning import WarningMessage

WAITING_MAX = 2_000
"""So many messages may wait for the node, about three minutes of a county: an idle machine never waits."""

WAIT_S = 60.0
"""A node that takes nothing for so long is waited for no more; the end of the demo tells what was lost."""

LOOK_S = 0.05


class Watch:
    """What was issued, and how far storm and node are; written by the node's and the publisher's threads.

    Attributes
    ----------
    messages, bulletins, digests : list
        Of all steps so far.
    progress : Progress or None
        Of the storm.
    published : PublishSummary or None
        Once the storm is over.
    """

    def __init__(self) -> None:
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

    def take_progress(self, progress: Progress, waiting: Callable[[], int], stop: threading.Event) -> None:
        """Remember how far the storm is; hold it while too many messages wait for the node.

        Those of stations and the answers of people: the node's clock may be level while answers wait. The
        broker takes messages as fast as they come; on a busy machine they would pile up there, and count as
        lost at the end.
        """
        self.progress = progress
        deadline = time.monotonic() + WAIT_S
        while waiting() > WAITING_MAX:
            if stop.wait(LOOK_S) or time.monotonic() > deadline:
                return
