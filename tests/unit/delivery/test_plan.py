"""Which notifications a step of the desk means, and in what order they leave."""

from dataclasses import replace
from itertools import pairwise

from tests.unit.desk.county import T0, county, fall, new_desk, rise
from warnstream.delivery.plan import notifications_of
from warnstream.model.effects import VILLAGE_TOPIC_CHANNEL, Effects, Notification, RecipientKind
from warnstream.model.hands.roster import Roster, Shift
from warnstream.model.level import Level

NAME = "ws.331124001001.flash_flood.20190408T211500Z"
NETWORK = county()


def planned(*levels: tuple[int, Level]) -> list[Notification]:
    """Notifications of alerts of several villages in one step."""
    effects = new_desk().step([rise(level, village=village) for village, level in levels], T0)
    return list(notifications_of(effects, NETWORK))


def test_the_villages_topic_comes_first_then_posts_and_doors_are_in_the_ledger() -> None:
    kinds = [notification.kind for notification in planned((0, Level.RED))]
    assert kinds == [RecipientKind.VILLAGE] * 2 + [RecipientKind.POST] * 4


def test_the_topic_is_addressed_by_the_village() -> None:
    topic = planned((0, Level.RED))[0]
    assert (topic.channel, topic.recipient, topic.address) == (
        VILLAGE_TOPIC_CHANNEL,
        "331124001001",
        "331124001001",
    )


def test_who_listens_to_a_village_by_an_earlier_code_hears_on() -> None:
    villages = replace(NETWORK.villages, was={"V1": NETWORK.villages.code[0]})
    effects = new_desk().step([rise(Level.RED)], T0)
    found = list(notifications_of(effects, replace(NETWORK, villages=villages)))
    topics = [topic.address for topic in found if topic.channel == VILLAGE_TOPIC_CHANNEL]
    assert topics == ["331124001001", "V1", "331124001001", "V1"]
    assert len({told.key for told in found}) == len(found)


def test_a_post_is_told_until_when_its_answer_is_wanted() -> None:
    post = planned((0, Level.RED))[2]
    assert (post.recipient, post.channel, post.address, post.answer_by_s) == (
        "grid-a",
        "sms",
        "101",
        T0 + 300,
    )


def test_a_key_names_message_recipient_and_channel() -> None:
    keys = [notification.key for notification in planned((0, Level.RED))]
    assert keys[1] == "ws.331124001001.20190408T211500Z.1|331124001001|village_topic"
    assert keys[2].endswith("|grid-a|sms")


def test_the_worst_warning_leaves_first_within_each_kind() -> None:
    notifications = planned((1, Level.YELLOW), (0, Level.RED), (2, Level.ORANGE))
    order = list(RecipientKind)
    ranks = [
        (order.index(notification.kind), is_bulletin_topic(notification), -notification.level)
        for notification in notifications
    ]
    assert all(before <= after for before, after in pairwise(ranks))


def is_bulletin_topic(one: Notification) -> bool:
    return one.kind is RecipientKind.VILLAGE and ".flash_flood." not in one.warning + "."


def test_two_messages_of_one_warning_leave_in_the_order_of_issue() -> None:
    effects = new_desk().step([rise(Level.YELLOW), rise(Level.RED, Level.YELLOW)], T0)
    for kind in RecipientKind:
        found = [n for n in notifications_of(effects, NETWORK) if n.kind is kind and n.warning == NAME]
        versions = [n.version for n in found]
        assert versions == sorted(versions)
        assert set(versions) == ({1, 2} if kind is RecipientKind.VILLAGE else set())
    assert len(effects.bulletins) == 1, "doors hear where it stands now"


def test_an_end_in_the_same_step_does_not_overtake_its_alert() -> None:
    effects = new_desk().step([rise(Level.RED), fall(Level.NONE, Level.RED)], T0)
    topics = [n for n in notifications_of(effects, NETWORK) if n.kind is RecipientKind.VILLAGE]
    assert [topic.level for topic in topics] == [Level.RED, Level.NONE]


def test_planning_again_gives_the_same_notifications() -> None:
    effects = new_desk().step([rise(Level.RED), rise(Level.BLUE, village=1)], T0)
    assert list(notifications_of(effects, NETWORK)) == list(notifications_of(effects, NETWORK))


def test_no_effects_are_no_notifications() -> None:
    assert planned() == []


def test_a_digest_rings_the_phone_of_whoever_holds_its_post_at_its_time_and_no_other() -> None:
    of_grid, of_town = (
        ("grid-a", T0, T0 + 60, "Li", "voice", "7"),
        ("town", T0 + 1, T0 + 60, "Wu", "sms", "8"),
    )
    roster = Roster([Shift(*of_grid), Shift(*of_town)])
    network = replace(NETWORK, roster=roster)
    effects = new_desk().step([rise(Level.RED)], T0)
    rows = [row for row in notifications_of(effects, network) if row.kind is RecipientKind.POST]
    ways = {row.recipient: (row.channel, row.address) for row in rows}
    assert len(ways) == len(rows)
    assert ways == {
        "leader": ("sms", "103"),
        "grid-a": ("voice", "7"),
        "grid-b": ("terminal", "b"),
        "town": ("sms", "102"),
    }
    later = replace(effects.digests[0], issued_s=T0 + 30)
    (row,) = notifications_of(Effects(digests=[replace(later, post="town")]), network)
    assert row.address == "8"
