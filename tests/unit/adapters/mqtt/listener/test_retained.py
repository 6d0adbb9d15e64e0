"""Retained messages: the node's own are never crowded out, replaced or cleared by clients."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warnstream.adapters.mqtt.listener import retained
from warnstream.adapters.mqtt.listener.retained import NODE, Retained

OWNERS = ["user a", "user b", NODE]
puts = st.lists(st.tuples(st.sampled_from("tuvw"), st.binary(max_size=40), st.sampled_from(OWNERS)))


def test_a_stranger_who_retains_a_million_topics_leaves_the_node_s_own_room() -> None:
    messages = Retained()
    kept = [messages.put(f"x/{n}", bytes(1_000), "user a") for n in range(10_000)]
    assert sum(kept) < 5_000
    assert messages.put("ws/warn/V1/flood", b"red", NODE)
    assert messages.put("y", b"1", "user b"), "nor does one user take another's room"


def test_all_users_together_have_a_limit_in_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retained, "STRANGERS_BYTES_MAX", 10_000)
    messages = Retained()
    kept = [messages.put(f"x/{n}", bytes(1_000), f"user {n}") for n in range(100)]
    assert sum(kept) == 8
    assert messages.put("ws/warn/V1/flood", bytes(100_000), NODE)


@pytest.mark.parametrize("payload", [b"green", b""], ids=["replaced", "cleared"])
def test_what_the_node_retains_is_nobody_else_s_to_change(payload: bytes) -> None:
    messages = Retained()
    messages.put("ws/warn/V1/flood", b"red", NODE)
    assert not messages.put("ws/warn/V1/flood", payload, "user a")
    assert messages["ws/warn/V1/flood"] == b"red"


def test_the_node_takes_over_a_topic_that_a_client_retained_first() -> None:
    messages = Retained()
    messages.put("ws/warn/V1/flood", b"green", "user a")
    assert messages.put("ws/warn/V1/flood", b"red", NODE)
    assert messages["ws/warn/V1/flood"] == b"red"


@given(puts)
def test_the_account_of_a_user_is_what_their_messages_weigh(calls: list[tuple[str, bytes, str]]) -> None:
    messages = Retained()
    expected: dict[str, tuple[bytes, str]] = {}
    for topic, payload, owner in calls:
        if messages.put(topic, payload, owner):
            expected.pop(topic, None)
            if payload:
                expected[topic] = (payload, owner)
    assert dict(messages) == {topic: payload for topic, (payload, _) in expected.items()}
    for user in OWNERS[:2]:
        own = [(topic, payload) for topic, (payload, owner) in expected.items() if owner == user]
        weight = sum(len(topic) + len(payload) + retained.ENTRY_BYTES for topic, payload in own)
        assert messages._bytes_of[user] == weight
    assert messages._own == sum(owner == NODE for _, owner in expected.values())
