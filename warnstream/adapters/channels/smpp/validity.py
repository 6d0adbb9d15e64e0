"""When a short message is over, as the gateway is told (SMPP 3.4, 7.1.1).

Our own expiry holds whatever the gateway does with it: a message that is over does not leave the node.
"""

import time

from warnstream.adapters.channels.channel import OutgoingMessage

LEAST_S, MOST_S = 60, 7 * 86_400
"""Gateways refuse less than a minute; no warning lasts longer than a week without a renewal."""


def validity_period(message: OutgoingMessage, form: str) -> str:
    """The validity of a message; empty for the gateway's own.

    Parameters
    ----------
    message : OutgoingMessage
    form : str
        ``absolute`` (UTC), ``relative`` to the submission, or ``none``.
    """
    if form == "absolute":
        return time.strftime("%y%m%d%H%M%S", time.gmtime(message.expires_s)) + "000+"
    if form == "relative":
        left_s = message.expires_s - message.sent_s - message.late_s
        return relative(min(max(left_s, LEAST_S), MOST_S))
    return ""


def relative(seconds: int) -> str:
    """A time from now.

    Examples
    --------
    >>> relative(90_061)
    '000001010101000R'
    """
    days, rest = divmod(seconds, 86_400)
    hours, rest = divmod(rest, 3_600)
    return f"0000{days:02d}{hours:02d}{rest // 60:02d}{rest % 60:02d}000R"
