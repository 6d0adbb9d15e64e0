"""What is looked at after every step of a running node, beside what its keeper shows."""

import logging
from collections.abc import Callable

from warnstream.desk import WarningDesk
from warnstream.engine import Engine, EngineStep
from warnstream.runners.live.watches.reply_watch import ReplyWatch
from warnstream.runners.live.watches.source_watch import SourceWatch

log = logging.getLogger(__name__)


def after_step(
    replies: ReplyWatch,
    heard: SourceWatch,
    engine: Callable[[], Engine],
    *watchers: Callable[[EngineStep], None] | None,
) -> Callable[[EngineStep], None]:
    """Called in the loop's thread after each step, once the engine is `engine()`.

    One that fails keeps no other from looking: the first fault is raised once all have.
    """

    def look(step: EngineStep) -> None:
        watching = [watch for watch in watchers if watch is not None]
        faults = []
        for watch in (
            lambda _step: replies.look(),
            lambda step: heard.take(step, engine().assessment.feeds),
            *watching,
        ):
            try:
                watch(step)
            except Exception as error:
                log.exception("what is looked at after a step cannot be")
                faults.append(error)
        if faults:
            raise faults[0]

    return look


def tell_refused_inputs(desk: WarningDesk, known: int) -> int:
    """The desk refuses what cannot be; that is a fault of ours and must be seen. How many are told."""
    if desk.refused_inputs > known:
        said = {"count": desk.refused_inputs, "last": desk.last_refusal}
        log.error("the desk refused an input", extra=said)
    return max(known, desk.refused_inputs)
