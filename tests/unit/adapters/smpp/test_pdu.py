"""Units by the figures of SMPP 3.4, and whatever else may come."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warnstream.adapters.channels.smpp.pdu import (
    HEADER,
    Command,
    Delivery,
    Login,
    Number,
    Pdu,
    PduError,
    Submission,
    decode,
    delivery_of,
    length_of,
    message_id_of,
)
from warnstream.adapters.channels.smpp.receipts import noted_id, receipt_of, rewritten_id

BIND_OF_THE_SPECIFICATION = bytes.fromhex(
    "0000002F000000020000000000000001"  # SMPP 3.4, 3.2.3: a bind_transmitter of 47 octets
    "534D50503354455354007365637265743038005355424D49543100"
    "00010100"
)


def test_a_header_is_that_of_the_specification_s_example() -> None:
    header = BIND_OF_THE_SPECIFICATION[: HEADER.size]
    assert length_of(header) == 47
    unit = decode(header, BIND_OF_THE_SPECIFICATION[HEADER.size :])
    assert (unit.command, unit.status, unit.sequence) == (2, 0, 1)
    login = Login("SMPP3TEST", "secret08", "SUBMIT1").encode()
    assert login[:27] == unit.body[:27]


def delivered(text: bytes = b"", esm_class: int = 0, optional: bytes = b"") -> bytes:
    fixed = b"\0" + b"\1\1" + b"8613800000001\0" + b"\0\1" + b"10690\0" + bytes((esm_class, 0, 0)) + b"\0\0"
    return fixed + bytes((0, 0, 8, 0, len(text))) + text + optional


def test_a_reply_is_read() -> None:
    delivery = delivery_of(delivered("收到".encode("utf-16-be")))
    assert delivery == Delivery(Number("8613800000001", 1, 1), 0, 8, "收到".encode("utf-16-be"))
    assert delivery.is_message
    assert not delivery.is_receipt


def test_a_text_in_the_payload_is_read_too() -> None:
    payload = struct.pack("!HH", 0x0424, 2) + b"ok"
    assert delivery_of(delivered(optional=payload)).text == b"ok"


@pytest.mark.parametrize("cut", range(0, 40, 3))
def test_a_unit_that_ends_too_early_is_an_error_of_its_own(cut: int) -> None:
    with pytest.raises(PduError):
        delivery_of(delivered(b"12345678901234567890")[:cut])


@given(st.binary(max_size=300))
def test_whatever_comes_is_a_delivery_or_an_error(body: bytes) -> None:
    try:
        receipt_of(delivery_of(body))
    except PduError:
        return
    message_id_of(body)


@pytest.mark.parametrize("length", [0, 15, 1 << 20])
def test_a_length_that_no_unit_has_is_refused(length: int) -> None:
    with pytest.raises(PduError):
        length_of(HEADER.pack(length, Command.SUBMIT_SM, 0, 1))


@given(
    st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1), st.integers(1, 2**31 - 1), st.binary(max_size=99)
)
def test_a_unit_comes_out_as_it_went_in(command: int, status: int, sequence: int, body: bytes) -> None:
    unit = Pdu(command, status, sequence, body)
    octets = unit.encode()
    assert length_of(octets[:16]) == len(octets)
    assert decode(octets[:16], octets[16:]) == unit


@pytest.mark.parametrize("number", ["13\0", "村"])
def test_a_number_cannot_break_out_of_its_field(number: str) -> None:
    with pytest.raises(PduError):
        Submission(Number("1"), Number(number), b"", 0).encode()


# What gateways write, as operators' forums and manuals show it.
@pytest.mark.parametrize(
    ("text", "optional", "expected"),
    [
        (b"id:12 sub:001 dlvrd:001 submit date:2611300235 done date:2611300236 stat:DELIVRD err:0", {},
         ("12", "DELIVRD")),
        (b"id:0A-1 submit date:261130023501 done date: stat:undeliv err:0B7 Text:", {}, ("0A-1", "UNDELIV")),
        (b"", {0x1E: b"77\0", 0x427: b"\x03"}, ("77", "EXPIRED")),
        (b"id:1 stat:ENROUTE", {0x1E: b"77\0", 0x427: b"\x02"}, ("77", "DELIVRD")),
        (b"id:5 stat:ACCEPTD", {0x427: b"\x63"}, ("5", "ACCEPTD")),
    ],
)  # fmt: skip
def test_receipts_are_read_however_they_are_written(
    text: bytes, optional: dict[int, bytes], expected: tuple[str, str]
) -> None:
    receipt = receipt_of(Delivery(Number("1"), 4, 0, text, optional))
    assert receipt is not None
    assert (receipt.message_id, receipt.state) == expected
    assert receipt.is_final == (expected[1] != "ACCEPTD")


@pytest.mark.parametrize("text", [b"", b"stat:DELIVRD", b"id:9", b"id: stat:", bytes(range(256))])
def test_a_receipt_that_says_too_little_is_none(text: bytes) -> None:
    assert receipt_of(Delivery(Number("1"), 4, 0, text)) is None


@given(st.integers(1, 2**63))
def test_an_id_in_two_notations_is_one(number: int) -> None:
    assert rewritten_id(str(number), "decimal") == noted_id(f"{number:08X}", "decimal")
    assert rewritten_id(f"{number:X}", "hexadecimal") == noted_id(str(number), "hexadecimal")


def test_an_id_that_is_no_number_stays_as_it_is() -> None:
    assert rewritten_id("a-b", "decimal") == "a-b"
