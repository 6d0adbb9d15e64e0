"""Nobody who is known by a code or a name is named in a masked text, wherever it stands."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.networks import network_of
from warnstream.model.hands.orders import Operator, Role
from warnstream.model.network import ChainPost, Households
from warnstream.review.record.masking import Names

POSTS = ("G331102905214", "T-7", "village.head", "王书记")
DOORS = ("H331-001", "H331-002", "李家")
OFFICERS = (Operator("officer-1", "县值班员", Role.OFFICER, "*", "+3"),)
NETWORK = replace(
    network_of(1, 3),
    households=Households(DOORS, ("sms",) * 3, ("+1",) * 3, np.array([0, 2, 3, 3], dtype=np.int32)),
    chain=tuple(ChainPost(post, "head", 1, "V0", "sms", "+2") for post in POSTS),
)
MASKED = Names(NETWORK, OFFICERS, is_shown=False)
SHOWN = Names(NETWORK, OFFICERS, is_shown=True)
EVERYBODY = (*POSTS, *DOORS, "officer-1", "县值班员")


@given(
    st.lists(st.sampled_from(EVERYBODY), min_size=1, max_size=5),
    st.sampled_from([" ", "：", "、", "；", ", ", "; ", "未应答，", "(", "/", " @ ", "。"]),
    st.sampled_from(["", "nobody has answered: ", "1条上报无法计入："]),
)
def test_no_name_is_left_in_a_sentence(names: list[str], between: str, before: str) -> None:
    masked = MASKED.text(before + between.join(names) + between)
    assert [name for name in EVERYBODY if name in masked] == []
    assert masked.startswith(before)


@pytest.mark.parametrize(
    "text", ["ws.@drill.G331102905214.20260618T0600Z.2", "digest G331102905214.", "T-7-"]
)
def test_no_name_is_left_inside_a_name(text: str) -> None:
    assert [name for name in EVERYBODY if name in MASKED.text(text)] == []


def test_what_names_nobody_stays_as_it_is() -> None:
    for text in ("the disk refuses: /var/lib x.y, 12.5 mm", "磁盘拒绝写入：12.5 毫米", ""):
        assert MASKED.text(text) == text


def test_numbers_are_places_in_the_tables() -> None:
    assert [MASKED.post(code) for code in POSTS] == ["P0001", "P0002", "P0003", "P0004"]
    assert [MASKED.door(code) for code in DOORS] == ["DV0-1", "DV0-2", "DV1-1"]
    assert MASKED.officer("officer-1") == MASKED.officer("县值班员") == "O01"


def test_who_is_in_no_table_is_masked_too() -> None:
    masked = [MASKED.post("gone"), MASKED.door("gone"), MASKED.officer("gone"), MASKED.anybody("gone")]
    assert "gone" not in "".join(masked)
    assert MASKED.anybody("") == MASKED.post("") == ""


def test_with_names_everything_is_as_it_was() -> None:
    assert [SHOWN.anybody(code) for code in EVERYBODY] == list(EVERYBODY)
    assert SHOWN.text("T-7 said") == "T-7 said"
