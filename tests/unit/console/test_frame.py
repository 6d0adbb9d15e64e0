"""The layout of the console's socket: what is packed is read again, what is something else is refused."""

import contextlib

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from tests.unit.console.county import frame
from warnstream.adapters.console.frame import (
    LENGTH_BYTES,
    PARTS,
    VERSION,
    Ask,
    Part,
    Reply,
    arrays_of,
    packed,
    part_of,
    read_ask,
    read_from_node,
)

SHAPES = arrays.array_shapes(min_dims=1, max_dims=2, min_side=0, max_side=20)


def content_of(message: bytes) -> bytes:
    length = int.from_bytes(message[:LENGTH_BYTES], "big")
    assert length == len(message) - LENGTH_BYTES
    return message[LENGTH_BYTES:]


def test_a_frame_is_read_as_it_was_packed() -> None:
    sent = frame(level=((0, 1, 2, 4), (3, 0, 0, 0)), helps=((2, 5, 0),), reasons=("why",))
    assert read_from_node(content_of(packed(sent))) == sent


@given(arrays.arrays(np.int64, SHAPES))
def test_every_array_is_the_same_after_its_way(array: np.ndarray) -> None:
    np.testing.assert_array_equal(part_of(array, "i8").array(), array)


@given(arrays.arrays(np.float32, SHAPES))
def test_unknown_ratios_stay_unknown(array: np.ndarray) -> None:
    np.testing.assert_array_equal(part_of(array, "f4").array(), array)


@given(st.binary(max_size=200))
def test_whatever_comes_is_a_message_or_a_value_error(content: bytes) -> None:
    for read in (read_from_node, read_ask):
        with contextlib.suppress(ValueError):
            read(content)


@pytest.mark.parametrize("message", [Ask(VERSION + 1, 1, "V0"), Reply(VERSION + 1, 1, b"", "")])
def test_another_version_of_the_layout_is_refused_by_its_number(message: Ask | Reply) -> None:
    read = read_ask if isinstance(message, Ask) else read_from_node
    with pytest.raises(ValueError, match=f"layout {VERSION + 1} .* expected {VERSION}"):
        read(content_of(packed(message)))


@pytest.mark.parametrize(
    "part",
    [
        Part("u1", (3,), b"12"),
        Part("O", (1,), b"12345678"),
        Part("u1", (-1,), b"1"),
        Part("i8", (2, 2), b"1" * 8),
    ],
)
def test_an_array_that_does_not_fit_its_form_is_refused(part: Part) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # numpy's own words for some of them
        part.array()


def test_parts_of_a_later_minor_layout_are_left_out() -> None:
    known = part_of(np.zeros(2), "u1")
    assert arrays_of({"level": known, "clouds": known}).keys() == {"level"}
    assert {"level", "doors", "chain", "helps", "waits"} <= PARTS.keys()


def test_a_frame_says_its_kind_and_version_first() -> None:
    kind, version, *_ = msgspec.msgpack.decode(content_of(packed(frame())))
    assert (kind, version) == ("frame", VERSION)
