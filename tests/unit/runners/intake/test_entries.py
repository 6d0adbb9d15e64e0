"""Entries about duty posts: what people do about calls for help, and digests that could not be brought."""

import pytest

from warnstream.engine import Action
from warnstream.model.digests import CallFailed, HelpAssign, HelpClose
from warnstream.model.effects import Answer, RecipientAnswer
from warnstream.runners.intake import entries

ACTIONS: list[HelpAssign | HelpClose] = [
    HelpAssign("h20260618T000000Z-1", "T0001", "Li Si"),
    HelpClose("h20260618T000000Z-1", "T0001", "Wang Wu", "home again"),
]
FAILED = CallFailed("ws.@post.T0001.20260618T000000Z.7", "T0001")


@pytest.mark.parametrize("action", ACTIONS)
def test_what_a_post_does_about_a_call_for_help_is_read_back(action: HelpAssign | HelpClose) -> None:
    kind, payload = entries.encode_action(action)
    assert kind == entries.HELP
    assert entries.decode_help(payload) == action


def test_a_digest_that_could_not_be_brought_is_read_back() -> None:
    assert entries.decode_undelivered(entries.encode_undelivered(FAILED)) == FAILED


def test_actions_that_wait_for_a_step_survive_a_snapshot() -> None:
    answer = RecipientAnswer("m.1", "T0001", Answer.MOVING, 5)
    waiting: list[Action] = [answer, *ACTIONS, FAILED]
    assert entries.decode_actions(entries.encode_actions(waiting)) == waiting
