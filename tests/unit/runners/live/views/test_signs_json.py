"""What the node lists of signs, and for whom."""

from dataclasses import replace

import msgspec
import pytest

from tests.networks import T0, network_of
from warnstream.model.network import ChainPost
from warnstream.model.observations.signs import Sign, SignState
from warnstream.runners.explain.records import may_read_names, sign_record

NETWORK = replace(
    network_of(1, 2),
    chain=(
        ChainPost("grid-1", "grid member", 1, "V0", "sms", "1"),
        ChainPost("grid-2", "grid member", 1, "V1", "sms", "2"),
        ChainPost("town-1", "town leader", 2, "T", "sms", "3"),
    ),
)
SIGN = Sign(
    "V0.crack.20260618T000000Z",
    0,
    "crack",
    SignState.VALIDATED,
    "grid-2",
    "town-1",
    "Mrs Li's wall",
    T0,
    T0,
    T0,
    2,
)
PUBLIC = {"sign", "village", "kind", "state", "reports", "reported_at", "changed_at", "expires"}
PRIVATE = {"reporter", "validator", "note"}


def record_for(post: str, sign: Sign = SIGN) -> dict[str, object]:
    names_posts = may_read_names(sign, NETWORK, post)
    record = sign_record(sign, NETWORK.villages.code, names_posts=names_posts)
    shown: dict[str, object] = msgspec.to_builtins(record)
    return shown


@pytest.mark.parametrize("post", ["", "stranger", "grid-9"])
def test_everybody_reads_what_was_seen_and_not_by_whom(post: str) -> None:
    record = record_for(post)
    assert record.keys() == PUBLIC
    assert not any(word in str(record) for word in ("grid-2", "town-1", "Mrs Li"))


@pytest.mark.parametrize("post", ["grid-1", "town-1"])
def test_posts_that_answer_for_the_village_read_who_said_what(post: str) -> None:
    record = record_for(post)
    assert record.keys() == PUBLIC | PRIVATE
    assert (record["reporter"], record["validator"], record["note"]) == ("grid-2", "town-1", "Mrs Li's wall")


def test_who_reported_a_sign_in_another_village_reads_what_became_of_it() -> None:
    assert record_for("grid-2")["note"] == "Mrs Li's wall"
    assert record_for("grid-2", replace(SIGN, reporter="x")).keys() == PUBLIC
