"""When a notification is sent again.

Waits double from `first_wait_s` to `wait_s_max`. Each is shortened by up to
half, by an amount that follows from the key alone: recipients that failed
together do not come back together, and a replay waits exactly as long.
"""

from hashlib import blake2b

from warnstream.model.rules.policies import RetryPolicy

_DOUBLINGS_MAX = 60
"""More doublings than any wait survives; keeps the power finite."""


def wait_before_attempt_s(policy: RetryPolicy, attempt: int, key: str) -> float | None:
    """Seconds to wait before an attempt; None when there is no further one.

    Parameters
    ----------
    policy : RetryPolicy
    attempt : int
        1 is the first sending, which waits for nothing.
    key : str
        Idempotency key of the notification.

    Returns
    -------
    float or None
        Between half the full wait and the full wait, in seconds.

    Raises
    ------
    ValueError
        If `attempt` is below 1.

    Examples
    --------
    >>> wait_before_attempt_s(RetryPolicy(attempts_max=3, first_wait_s=2.0, wait_s_max=60.0), 1, "a")
    0.0
    """
    if attempt < 1:
        raise ValueError(f"attempts count from 1, got {attempt}")
    if attempt > policy.attempts_max:
        return None
    if attempt == 1:
        return 0.0
    full_s = min(policy.first_wait_s * 2.0 ** min(attempt - 2, _DOUBLINGS_MAX), policy.wait_s_max)
    return full_s * (1.0 - 0.5 * _share_of_key(key, attempt))


def _share_of_key(key: str, attempt: int) -> float:
    """A number from 0 to 1 that looks random and is always the same."""
    digest = blake2b(f"{key}#{attempt}".encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest) / 2.0**64
