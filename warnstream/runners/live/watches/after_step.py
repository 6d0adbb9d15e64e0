"""What is looked at after every step of a running node, beside what its keeper shows."""

from collections.abc import Callable

from warnstream.engine import Engine, EngineStep
from warnstream.runners.live.watches.feed_watch import FeedWatch
from warnstream.runners.live.watches.reply_watch import ReplyWatch


def after_step(
    replies: ReplyWatch,
    feeds: FeedWatch,
    engine: Callable[[], Engine],
    on_step: Callable[[EngineStep], None] | None,
) -> Callable[[EngineStep], None]:
    """Called in the loop's thread after each step, once the engine is `engine()`."""

    def look(step: EngineStep) -> None:
        replies.look()
        feeds.take(engine().assessment.feeds)
        if on_step is not None:
            on_step(step)

    return look
