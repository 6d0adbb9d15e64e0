"""What a gateway's status (SMPP 3.4, 5.1.3) means for one message and for everybody's."""

from warnstream.delivery.dispatch.outcome import Outcome, doubtful, retry, unavailable

OK = 0x00
QUEUE_FULL = 0x14
THROTTLED = 0x58
THROTTLES = frozenset({QUEUE_FULL, THROTTLED})
"""The gateway asks us to be slower: no fault of a message, no attempt."""

RECEIVER_TEMPORARY = 0x64
"""ESME_RX_T_APPN: what we say where a receipt or reply cannot be kept now, so that it comes again."""

UNKNOWN_COMMAND = 0x03

OF_THE_NODE = {
    0x04: "we are not bound", 0x05: "already bound", 0x0A: "our number is refused", 0x0D: "bind failed",
    0x0E: "wrong password", 0x0F: "unknown system_id", 0x15: "unknown service_type",
    0x48: "our type of number is refused", 0x49: "our numbering plan is refused", 0x53: "unknown system_type",
    0x61: "a time of sending is refused", 0x62: "the validity is refused",
}  # fmt: skip
"""These speak of this node's login or of keys of its channel, never of a recipient."""

PASSING = frozenset({0x08, 0x64})
"""System error and temporary refusal: trying again can help this message."""


def meaning(status: int) -> Outcome:
    """The outcome of a submission that was refused."""
    shown = f"the SMSC answered 0x{status:08X}"
    if status in THROTTLES:
        return unavailable(f"{shown}: it is throttling us")
    if status in OF_THE_NODE:
        return unavailable(f"{shown}: {OF_THE_NODE[status]}")
    return retry(shown) if status in PASSING else doubtful(shown)


def shown(status: int) -> str:
    """A status for logs and /readyz."""
    return f"0x{status:08X}" + (f": {OF_THE_NODE[status]}" if status in OF_THE_NODE else "")
