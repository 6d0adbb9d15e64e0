"""The life of a sign, and who may judge it."""

import itertools

import pytest

from tests.networks import T0, network_of
from warnstream.lifecycle.signs import TRANSITIONS, SignBook, SignSignal
from warnstream.model.network import ChainPost, Network
from warnstream.model.observations.signs import (
    STANDING,
    Sign,
    SignKind,
    SignPolicy,
    SignReport,
    SignState,
    SignVerdict,
)

HOUR = 3600
REPORT = SignReport("V0", "crack", "grid", "behind the school")


def book() -> SignBook:
    plain = network_of(2, 2)
    chain = (
        ChainPost("grid", "grid member", 1, "V0", "sms", ""),
        ChainPost("leader", "leader", 2, "T", "sms", ""),
        ChainPost("other", "grid member", 1, "V1", "sms", ""),
    )
    network = Network(plain.stations, plain.villages, plain.households, chain)
    return SignBook(network, SignPolicy((SignKind("crack", "裂缝", "Crack"),), 24 * HOUR))


def only(signs: SignBook) -> Sign:
    (sign,) = signs.all()
    return sign


def verdict(sign: str, *, validator: str = "leader", is_validated: bool = True) -> SignVerdict:
    return SignVerdict(sign, is_validated, validator, "went there")


def test_every_pair_of_a_standing_state_and_a_signal_is_in_the_table() -> None:
    assert set(TRANSITIONS) == set(itertools.product(STANDING, SignSignal))


def test_a_sign_is_reported_validated_and_expires() -> None:
    signs = book()
    signs.step([REPORT], T0)
    name = only(signs).sign
    assert (name, only(signs).state) == ("V0.crack.20260618T000000Z", SignState.REPORTED)
    signs.step([verdict(name)], T0 + HOUR)
    assert (only(signs).state, only(signs).validator) == (SignState.VALIDATED, "leader")
    signs.step([], T0 + 25 * HOUR - 1)
    assert only(signs).state is SignState.VALIDATED
    signs.step([], T0 + 25 * HOUR)
    assert only(signs).state is SignState.EXPIRED
    assert signs.standing().standing == ()


def test_a_further_report_renews_the_sign_that_stands() -> None:
    signs = book()
    signs.step([REPORT], T0)
    signs.step([SignReport("V0", "crack", "leader", "")], T0 + 20 * HOUR)
    assert (only(signs).n_reports, only(signs).expires_s) == (2, T0 + 44 * HOUR)
    assert (only(signs).reporter, only(signs).note) == ("grid", "behind the school")


def test_what_is_over_stays_over_and_a_new_report_is_a_new_sign() -> None:
    signs = book()
    signs.step([REPORT], T0)
    first = only(signs).sign
    signs.step([verdict(first, is_validated=False)], T0)
    signs.step([REPORT], T0)
    names = [sign.sign for sign in signs.all()]
    assert names == [f"{first}-2", first]
    signs.step([verdict(first)], T0 + 60)
    assert signs.refused == [(verdict(first), f"no sign '{first}' stands")]


@pytest.mark.parametrize(
    ("validator", "why"),
    [
        ("other", "'other' is no post that answers for the village of V0.crack.20260618T000000Z"),
        ("nobody", "'nobody' is no post that answers for the village of V0.crack.20260618T000000Z"),
        ("grid", "'grid' reported V0.crack.20260618T000000Z and cannot judge it"),
    ],
)
def test_only_another_post_of_the_village_may_judge(validator: str, why: str) -> None:
    signs = book()
    signs.step([REPORT], T0)
    said = verdict(only(signs).sign, validator=validator)
    signs.step([said], T0 + 60)
    assert signs.refused == [(said, why)]
    assert only(signs).state is SignState.REPORTED


@pytest.mark.parametrize(
    ("report", "why"),
    [
        (SignReport("V9", "crack", "grid", ""), "unknown village 'V9'"),
        (SignReport("V0", "hole", "grid", ""), "unknown kind of sign 'hole': expected one of crack"),
        (SignReport("V0", "crack", "", ""), "a report names who reports"),
    ],
)
def test_a_report_that_cannot_be_is_refused(report: SignReport, why: str) -> None:
    signs = book()
    signs.step([report], T0)
    assert signs.refused == [(report, why)]
    assert signs.all() == []


def test_a_restored_book_goes_on() -> None:
    one, other = book(), book()
    one.step([REPORT], T0)
    one.step([verdict(only(one).sign)], T0 + HOUR)
    other.restore(one.snapshot())
    for signs in (one, other):
        signs.step([], T0 + 30 * HOUR)
    assert one.all() == other.all()
    with pytest.raises(ValueError, match="not a snapshot of signs"):
        other.restore(b"x")
