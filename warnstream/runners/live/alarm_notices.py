"""What is sent to the duty posts when an alarm of the node begins or ends."""

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial

from warnstream.adapters.outbox.types import TEST_TYPE, AlarmNotice
from warnstream.config.settings import Configuration
from warnstream.delivery.alarm_texts import alarm_texts, ring_texts, texts_of_test
from warnstream.lifecycle.identity import legal
from warnstream.model.alarms import Alarm, kind_of
from warnstream.model.hands.duty import Ring
from warnstream.model.hands.weekly_calls import MARK, TestCall
from warnstream.model.level import Level
from warnstream.model.network import ChainPost
from warnstream.model.times import DAY_S, HOUR_S, compact_utc
from warnstream.routing.duty import as_held, duty_posts

ALARM_VALID_S = DAY_S
"""An alarm that could not be sent for so long is not sent any more."""

RING_VALID_S = HOUR_S
"""Whoever is reached later looks at the console anyway."""

log = logging.getLogger(__name__)


class Notices:
    """What posts are told of the node itself.

    Parameters
    ----------
    configuration : Configuration
    send : callable
        Takes a notice and the posts that it is for.
    """

    def __init__(
        self, configuration: Configuration, send: Callable[[AlarmNotice, Sequence[ChainPost]], None]
    ) -> None:
        self._configuration, self._send = configuration, send
        self._duty_posts = duty_posts(configuration.network, configuration.node.duty_posts)

    def tell_all(self, alarms: Iterable[Alarm], rings: Iterable[Ring | TestCall]) -> None:
        """Everything that one entry has led to; one that cannot be told keeps nothing else from going out."""
        works = [
            *(partial(self.tell, alarm) for alarm in alarms),
            *(partial(self.ring, ring) for ring in rings),
        ]
        for work in works:
            try:
                work()
            except Exception:  # the warnings of the same step come after this
                log.exception("posts cannot be told of an alarm")

    def tell(self, alarm: Alarm) -> None:
        """Begin or end of an alarm, for the duty posts."""
        posts = self._configuration.network.chain if kind_of(alarm.key).is_for_all else self._duty_posts
        if alarm.is_sent and posts:
            self._send_held(notice_of(alarm, self._configuration), posts)

    def ring(self, ring: Ring | TestCall) -> None:
        """What no officer has seen, for their posts; or a test call."""
        if isinstance(ring, TestCall):
            self._test(ring)
            return
        posts = [post for post in self._configuration.network.chain if post.post in ring.posts]
        self._send_held(notice_of_ring(ring, self._configuration), posts)

    def _test(self, call: TestCall) -> None:
        """A test call, by the very way that is tested."""
        posts = [post for post in self._configuration.network.chain if post.post == call.way.post]
        way = call.way
        rung = [replace(post, channel=way.channel, address=way.address) for post in posts[:1]]
        self._send(notice_of_test(call, self._configuration), rung)

    def _send_held(self, notice: AlarmNotice, posts: Sequence[ChainPost]) -> None:
        """Send it to whoever holds the posts at that time."""
        self._send(notice, as_held(posts, self._configuration.network.roster, notice.at_s))


def notice_of_ring(ring: Ring, configuration: Configuration) -> AlarmNotice:
    """What a post reads of an alarm that no officer has seen."""
    message = configuration.message
    zh, en = ring_texts(ring, configuration.node.name, message.time_zone)
    name = f"{legal(message.prefix)}.@duty.{compact_utc(ring.at_s)}-{ring.number}"
    return AlarmNotice(name, 1, str(message.status), ring.at_s, ring.at_s + RING_VALID_S, zh, en)


def notice_of_test(call: TestCall, configuration: Configuration) -> AlarmNotice:
    """What a post reads of a test call; it is no warning, and less urgent than anything."""
    message, signature = configuration.message, configuration.bulletins.signature
    zh, en = texts_of_test(call, signature, message.time_zone)
    name = f"{legal(message.prefix)}{MARK}{compact_utc(call.at_s)}-{call.number}"
    status, at_s = str(message.status), call.at_s
    return AlarmNotice(name, 1, status, at_s, call.due_s, zh, en, Level.NONE, call.due_s, TEST_TYPE)


def notice_of(alarm: Alarm, configuration: Configuration) -> AlarmNotice:
    """The message of an alarm's begin or, once it has ended, of its end; it never fails for its text."""
    name = configuration.node.name
    try:
        zh, en = alarm_texts(alarm, name, configuration.message.time_zone)
    except Exception:  # whatever is wrong with the text, the duty officer is told
        log.exception("text of an alarm cannot be written", extra={"alarm": alarm.key})
        zh = en = f"{name}: {alarm.text}"
    at_s = alarm.ended_s or alarm.begun_s
    version = 2 if alarm.ended_s else 1
    return AlarmNotice(alarm.name, version, str(alarm.status), at_s, at_s + ALARM_VALID_S, zh, en)
