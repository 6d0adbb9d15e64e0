"""Texts as short messages carry them: the coding, parts of a long one, and what phones send back.

A short message has 140 octets (3GPP TS 23.040, 9.2.3.24): 160 characters of the default alphabet or 70 of
UCS-2. A longer text goes in parts that begin with a header of six octets (concatenation with an 8-bit
reference, 9.2.3.24.1) and have room for 153 or 67 characters.
"""

import string
from dataclasses import dataclass

from warnstream.adapters.channels.smpp.pdu import Delivery

DEFAULT_ALPHABET, LATIN_1, UCS_2 = 0x00, 0x03, 0x08
"""data_coding (SMPP 3.4, 5.2.19)."""

GB_18030 = 0x0F
"""What Chinese gateways take over from CMPP for replies; reserved in SMPP."""

SINGLE_OCTETS, PART_OCTETS = 140, 134
SINGLE_SEPTETS, PART_SEPTETS = 160, 153
PARTS_MAX = 255

SAME_IN_ALL = frozenset(string.ascii_letters + string.digits + " \n\r!\"#%&'()*+,-./:;<=>?")
"""Characters with one code in GSM 03.38, ASCII and Latin-1: no alphabet of a gateway's garbles them."""

GSM_03_38 = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
"""The default alphabet (3GPP TS 23.038, 6.2.1), by code."""


@dataclass(frozen=True, slots=True)
class Part:
    """One short message: its octets, its coding, whether they begin with a header."""

    octets: bytes
    coding: int
    has_header: bool = False


def whole(text: str) -> Part:
    """A text in one piece, however long, for gateways that take it so.

    Raises
    ------
    UnicodeEncodeError
        If it is not Unicode.
    """
    if SAME_IN_ALL.issuperset(text):
        return Part(text.encode("ascii"), DEFAULT_ALPHABET)
    return Part(text.encode("utf-16-be"), UCS_2)


def in_parts(text: str, reference: int) -> list[Part]:
    """A text as the short messages that carry it.

    Parameters
    ----------
    text : str
    reference : int
        Tells the parts of one text from those of another to the same phone; 0 to 255.

    Raises
    ------
    ValueError
        If it is not Unicode, or longer than `PARTS_MAX` parts.

    Examples
    --------
    >>> [len(part.octets) for part in in_parts("立即转移。" * 14, 7)]
    [140]
    >>> [part.octets[:6].hex() for part in in_parts("立即转移。" * 14 + "!", 7)]
    ['050003070201', '050003070202']
    """
    one = whole(text)
    is_ucs_2 = one.coding == UCS_2
    if len(one.octets) <= (SINGLE_OCTETS if is_ucs_2 else SINGLE_SEPTETS):
        return [one]
    pieces = _cut_ucs_2(one.octets) if is_ucs_2 else _cut(one.octets, PART_SEPTETS)
    if len(pieces) > PARTS_MAX:
        raise ValueError(f"a text of {len(pieces)} parts, expected {PARTS_MAX} at most")
    return [
        Part(bytes((5, 0, 3, reference, len(pieces), number)) + piece, one.coding, has_header=True)
        for number, piece in enumerate(pieces, start=1)
    ]


def _cut(octets: bytes, size: int) -> list[bytes]:
    return [octets[at : at + size] for at in range(0, len(octets), size)]


def _cut_ucs_2(octets: bytes) -> list[bytes]:
    """Pieces of whole characters: the two halves of a rare one stay together."""
    pieces = []
    while octets:
        size = PART_OCTETS
        if len(octets) > size and 0xD8 <= octets[size - 2] <= 0xDB:
            size -= 2
        pieces.append(octets[:size])
        octets = octets[size:]
    return pieces


def text_of(delivery: Delivery) -> str:
    """What a person has written; signs that cannot be read become U+FFFD.

    A part of a long text is a text of its own.
    """
    octets = delivery.text
    if delivery.has_user_data_header and octets:
        octets = octets[1 + octets[0] :]
    coding = delivery.coding
    if coding == LATIN_1:
        return octets.decode("latin-1")
    if coding == GB_18030:
        return octets.decode("gb18030", "replace")
    # Codings of GSM (5.2.19, from 0xC0) have their alphabet in two bits.
    if coding == UCS_2 or (coding < 0x80 and coding & 0x0C == UCS_2) or coding & 0xF0 == 0xE0:
        return octets.decode("utf-16-be", "replace")
    if any(octet > 0x7F for octet in octets):
        return octets.decode("utf-8", "replace")
    return "".join(GSM_03_38[octet] for octet in octets)
