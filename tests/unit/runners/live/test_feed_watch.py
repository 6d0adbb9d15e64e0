"""What is shown of feeds follows a change of the configuration."""

from tests.unit.runners.live.test_clock import Told
from warnstream.adapters.metrics import Metrics
from warnstream.lifecycle.feeds import FeedBook
from warnstream.model.alerts.alert import FeedPolicy
from warnstream.runners.live.watches.feed_watch import FeedWatch

T0 = 1_781_740_800
MET, RIVER = FeedPolicy("met", 600), FeedPolicy("river", 3_600)


def test_a_feed_that_a_reload_has_taken_away_stands_nowhere_any_more() -> None:
    """A figure that stands still for ever would keep an alert ringing, or from ringing."""
    alarms, metrics = Told(), Metrics()
    watch = FeedWatch(alarms, metrics, ((0, 0),))
    before, now = FeedBook([MET, RIVER]), FeedBook([RIVER])
    for minute in range(12):
        before.step([], T0 + 60 * minute)
        now.step([], T0 + 60 * minute)
    watch.take(before)
    assert list(alarms.standing) == ["feed:met"]
    watch.take(now)
    assert alarms.standing == {}
    assert b'feed="met"' not in metrics.exposition()
    assert b'feed="river"' in metrics.exposition()


def test_a_kind_of_signs_that_is_gone_is_counted_no_more() -> None:
    metrics = Metrics()
    metrics.set_signs([("crack", "reported")], ["crack"])
    metrics.set_signs([], ["spring"])
    assert b'kind="crack"' not in metrics.exposition()
