"""Receipts of a gateway: which message, and what became of it.

SMPP 3.4 shows their text only as an example (appendix B), and every vendor writes it a little differently.
Two things are looked for, in the optional parameters first: the message's id and its state.
"""

import re
from dataclasses import dataclass

from warnstream.adapters.channels.smpp.pdu import Delivery, Tag

ID = re.compile(r"\bid:\s*(\S+)", re.IGNORECASE)
STATE = re.compile(r"\bstat:\s*([A-Za-z]+)", re.IGNORECASE)

STATE_OF_NUMBER = {
    1: "ENROUTE", 2: "DELIVRD", 3: "EXPIRED", 4: "DELETED", 5: "UNDELIV", 6: "ACCEPTD", 7: "UNKNOWN",
    8: "REJECTD",
}  # fmt: skip
"""message_state (5.2.28)."""

DELIVERED = "DELIVRD"
FAILED = frozenset({"EXPIRED", "DELETED", "UNDELIV", "REJECTD"})
"""States after which nothing follows; the others (enroute, accepted, unknown) are waited through."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a gateway says of one short message; `state` is a word of appendix B, upper case."""

    message_id: str
    state: str

    @property
    def is_final(self) -> bool:
        """Nothing follows."""
        return self.state == DELIVERED or self.state in FAILED


def receipt_of(delivery: Delivery) -> Receipt | None:
    """The receipt that a gateway has written; None if it does not say which message or what.

    Examples
    --------
    >>> from warnstream.adapters.channels.smpp.pdu import Number
    >>> text = b"id:0A1 sub:001 dlvrd:001 submit date:26113002350 done date: stat:UNDELIV err:0B7 text:"
    >>> receipt_of(Delivery(Number("1"), 0x04, 0, text))
    Receipt(message_id='0A1', state='UNDELIV')
    """
    text = delivery.text.decode("latin-1")
    optional = delivery.optional
    found = ID.search(text)
    message_id = optional.get(Tag.RECEIPTED_MESSAGE_ID, b"").rstrip(b"\0").decode("latin-1")
    if not message_id and found is not None:
        message_id = found[1]
    number = optional.get(Tag.MESSAGE_STATE, b"")
    state = STATE_OF_NUMBER.get(number[0], "") if len(number) == 1 else ""
    stated = STATE.search(text)
    if not state and stated is not None:
        state = stated[1].upper()
    return Receipt(message_id, state) if message_id and state else None


def noted_id(message_id: str, notation: str) -> str:
    """The id of a message that the gateway took, as it is kept; `notation` as in `rewritten_id`."""
    return message_id if notation == "same" else message_id.lower().lstrip("0")


def rewritten_id(message_id: str, notation: str) -> str:
    """The id in a receipt, as the id of the message was kept.

    Some gateways write it in hexadecimal when they take the message and in decimal in the receipt, or the
    reverse.

    Parameters
    ----------
    message_id : str
    notation : str
        Of receipts: ``same`` as when the message was taken, ``decimal``, or ``hexadecimal``.

    Examples
    --------
    >>> rewritten_id("255", "decimal"), rewritten_id("0FF", "hexadecimal"), rewritten_id("0FF", "same")
    ('ff', '255', '0FF')
    """
    try:
        if notation == "decimal":
            return format(int(message_id), "x")
        if notation == "hexadecimal":
            return str(int(message_id, 16))
    except ValueError:
        pass
    return message_id
