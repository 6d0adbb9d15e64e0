"""Alerts come in any order, twice, across restarts: in the end what the issuer said last is what stands."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from tests.alerts import SENDER, alert, arrived, info, relay_table
from tests.networks import T0, network_of
from warnstream.lifecycle.alerts import AlertBook
from warnstream.model.alerts.alert import UNKNOWN_S, Alert, AlertReference
from warnstream.model.times import MINUTE_S
from warnstream.model.warning import MessageType

TABLE = relay_table(network_of(2, 2).villages)
NOW_S = T0 + 60 * MINUTE_S
WAYS = ("last", "all", "first")
"""What an update names: the message before, all before, or (national) the first of its event."""


def story(number: int, way: str, n_updates: int, *, is_cancelled: bool) -> list[Alert]:
    """One event from its first message on, a message a minute."""
    messages = [alert(f"E{number}-0")]
    types = [MessageType.UPDATE] * n_updates + [MessageType.CANCEL] * is_cancelled
    for minute, msg_type in enumerate(types, start=1):
        named = {"last": messages[-1:], "all": messages, "first": messages[:1]}[way]
        references = tuple(
            AlertReference(SENDER, alert.identifier, UNKNOWN_S if way == "first" else alert.sent_s)
            for alert in named
        )
        infos = () if msg_type is MessageType.CANCEL else (info(),)
        one = alert(f"E{number}-{minute}", minute, msg_type, *infos)
        messages.append(replace(one, references=references))
    return messages


events = st.lists(st.tuples(st.sampled_from(WAYS), st.integers(0, 4), st.booleans()), min_size=1, max_size=3)


@given(events=events, data=st.data())
def test_what_was_said_last_stands_whatever_the_order_of_arrival(
    events: list[tuple[str, int, bool]], data: st.DataObject
) -> None:
    stories = [
        story(number, way, n_updates, is_cancelled=is_cancelled)
        for number, (way, n_updates, is_cancelled) in enumerate(events)
    ]
    expected = {told[-1].identifier for told in stories if told[-1].msg_type is not MessageType.CANCEL}
    messages = [alert for told in stories for alert in told]
    again = data.draw(st.lists(st.sampled_from(messages), max_size=6))
    order = data.draw(st.permutations([*messages, *again]))
    cuts = data.draw(st.sets(st.integers(0, len(order))))
    book, twin = AlertBook([TABLE]), AlertBook([TABLE])
    for number, character in enumerate(order):
        if number in cuts:
            state, book = book.snapshot(), AlertBook([TABLE])
            book.restore(state, NOW_S)
        book.step([arrived(character)], NOW_S)
    twin.step([arrived(character) for character in order], NOW_S)
    for found in (book, twin):
        assert {warning.identifier for warning in found.standing()} == expected
        assert {info.alert.identifier for info in found.in_force().infos} == expected
