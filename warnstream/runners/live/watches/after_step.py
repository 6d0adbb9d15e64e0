"""What is looked at after every step of a running node, beside what its keeper shows."""

from collections.abc import Callable

from warnstream.engine import Engine, EngineStep
from warnstream.runners.live.watches.reply_watch import ReplyWatch
from warnstream.runners.live.watches.source_watch import SourceWatch


def after_step(
    replies: ReplyWatch,
    heard: SourceWatch,
    engine: Callable[[], Engine],
    *watchers: Callable[[EngineStep], None] | None,
) -> Callable[[EngineStep], None]:
    """Called in the loop's thread after each step, once the engine is `engine()`."""

    def look(step: EngineStep) -> None:
        replies.look()
        heard.take(step, engine().assessment.feeds)
        for watch in watchers:
            if watch is not None:
                watch(step)

    return look
