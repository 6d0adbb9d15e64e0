"""By when people must have left before a hazard: the earliest of a policy, the law and nightfall.

Zhejiang's rule on transfers in floods asks for three hours, and for 18:00 of
that day when the hazard comes at night; counties ask for more. Nobody walks a
valley road in the dark and the rain if it can be helped.
"""

from warnstream.model.rules.policies import TransferPolicy
from warnstream.model.times import DAY_S, TimeZone, local_to_utc_s, offset_at


def transfer_deadline_s(onset_s: int, policy: TransferPolicy, time_zone: TimeZone) -> int:
    """Time by which the transfer must be over.

    Parameters
    ----------
    onset_s : int
        When the hazard is expected.
    policy : TransferPolicy
    time_zone : TimeZone
        Of the local clock.

    Returns
    -------
    int
        Seconds since 1970 UTC; it may have passed already.

    Examples
    --------
    A hazard at 01:00 in Beijing: the evening before counts, not the six hours.

    >>> from warnstream.model.times import fixed_zone, iso_local, parse_iso
    >>> beijing = fixed_zone(28_800)
    >>> onset_s = parse_iso("2021-06-19T01:00:00+08:00")
    >>> iso_local(transfer_deadline_s(onset_s, TransferPolicy(), beijing), beijing)
    '2021-06-18T18:00:00+08:00'
    """
    deadline_s = onset_s - max(policy.policy_s, policy.law_s)
    local_s = onset_s + offset_at(time_zone, onset_s)
    clock_s = local_s % DAY_S
    if clock_s >= policy.night_begins_s or clock_s < policy.night_ends_s:
        since_nightfall_s = (clock_s - policy.night_begins_s) % DAY_S
        deadline_s = min(deadline_s, local_to_utc_s(local_s - since_nightfall_s, time_zone))
    return deadline_s
