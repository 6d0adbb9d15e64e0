"""Recipients that are right in form and may reach nobody: shared, rounded or misspelt numbers, one rank.

Addresses are never named, only the codes of those who have them.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain as concatenated

from warnstream.config.channels.section import PhoneChannelSection
from warnstream.config.channels.terminal import TerminalChannelSection
from warnstream.config.look_at.phone_numbers import number_fault
from warnstream.config.settings import Configuration
from warnstream.config.wording import count_of, count_villages, name_some
from warnstream.model.hands.orders import Role
from warnstream.model.warning import MessageStatus

DOORS_PER_ADDRESS_MAX = 3
"""So many doors may share a phone: a family's houses."""

NUMBER = re.compile(r"[+\d ().eE/-]*\d[+\d ().eE/-]*")
"""Addresses of a gateway that are meant to be numbers."""

NUMBERS_SHARE_MIN = 0.5
"""A channel with at least that share of numbers is one of phones: what is none there is misspelt."""

OF_NOBODY = "+0"
"""No country has the code 0: numbers of an exercise, which can ring nowhere."""

ODD_LENGTH_SHARE_MAX = 0.02
"""A length that so few national numbers have, where all others agree, is a digit too many or too few."""

LENGTHS_TOLD_MIN = 20
"""Fewer numbers are no yardstick of their usual length."""

_Recipient = tuple[str, str, str]
"""Code, channel, address."""


def chain_of_one_rank(configuration: Configuration) -> Iterator[str]:
    """Villages where nobody is called after those who do not answer."""
    ranks: dict[str, set[int]] = defaultdict(set)
    for post in configuration.network.chain:
        ranks[post.area].add(post.rank)
    everywhere = ranks.get("*", set())
    villages = configuration.network.villages
    found = []
    for code, township, county in zip(villages.code, villages.township, villages.county, strict=True):
        areas = {code, township, county}
        own = everywhere.union(*(ranks[area] for area in areas if area in ranks))
        if len(own) == 1:
            found.append(code)
    if found:
        yield (
            f"chain.csv: {count_villages(len(found))} with one rank only, nobody is called after it: "
            f"{name_some(found)}"
        )


def nobody_may_order(configuration: Configuration) -> Iterator[str]:
    """Doors that wait for officers there are none of; villages without one, or without a second person."""
    operators, release = configuration.operators, configuration.bulletins.release
    if not operators:
        rules = (release.otherwise, *release.of_hazard.values())
        if any(wait for rule in rules for wait in (*rule.rise, *rule.doubtful, *rule.clear)):
            yield "release: doors wait for an officer, and operators.csv names nobody"
        return
    villages = configuration.network.villages
    alone, without = [], []
    for code, township, county in zip(villages.code, villages.township, villages.county, strict=True):
        areas = {code, township, county, "*"}
        known = [
            operator for operator in operators if operator.area in areas and operator.role is not Role.READER
        ]
        if not any(operator.role is Role.OFFICER for operator in known):
            without.append(code)
        elif len(known) == 1:
            alone.append(code)
    if without:
        yield f"operators.csv: no officer for {count_villages(len(without))}: {name_some(without)}"
    if alone:
        yield (
            f"operators.csv: nobody can agree to red by hand in {count_villages(len(alone))}: "
            f"{name_some(alone)}"
        )


def one_phone_for_many(configuration: Configuration) -> Iterator[str]:
    """Posts that share an address, and addresses of more doors than a family has."""
    posts = _sharing(_posts(configuration), 1)
    if posts:
        yield f"chain.csv: {count_of(len(posts), 'post', 'posts')} share an address: {name_some(posts)}"
    doors = _sharing(_households(configuration), DOORS_PER_ADDRESS_MAX)
    if doors:
        n = count_of(len(doors), "household", "households")
        others = DOORS_PER_ADDRESS_MAX - 1
        yield f"households.csv: {n} share an address with more than {others} others: {name_some(doors)}"


def _sharing(recipients: Iterable[_Recipient], at_most: int) -> list[str]:
    """Codes of recipients whose address more than so many have."""
    known = list(recipients)
    n_of = Counter((channel, address) for _, channel, address in known)
    return [code for code, channel, address in known if n_of[channel, address] > at_most]


def only_the_log(configuration: Configuration) -> Iterator[str]:
    """Recipients whose channel is the log of this node: nobody reads it at 2 a.m."""
    logs = {
        name
        for name, channel in configuration.channels.items()
        if isinstance(channel, TerminalChannelSection)
    }
    network = configuration.network
    found = [post.post for post in network.chain if post.channel in logs]
    found += [
        code
        for code, channel in zip(network.households.code, network.households.channel, strict=True)
        if channel in logs
    ]
    if found:
        n = count_of(len(found), "recipient", "recipients")
        yield f"{n} only in the log of this node (channel of kind terminal): {name_some(found)}"


def doors_on_channels_for_posts(configuration: Configuration) -> Iterator[str]:
    """Households on a channel that never says whether anything has arrived."""
    for_posts = {name for name, section in configuration.channels.items() if section.is_for_posts_only}
    found = [(code, channel) for code, channel, _ in _households(configuration) if channel in for_posts]
    if found:
        n = count_of(len(found), "household", "households")
        names = ", ".join(sorted({channel for _, channel in found}))
        codes = name_some([code for code, _ in found])
        yield f"{n} on a channel without receipts, meant for posts ({names}): {codes}"


def odd_numbers(configuration: Configuration) -> Iterator[str]:
    """Phone numbers that no phone has: rounded by a spreadsheet, cut, or with a letter in them."""
    is_exercise = configuration.message.status is MessageStatus.EXERCISE
    for channel, section in configuration.channels.items():
        if not isinstance(section, PhoneChannelSection):
            continue
        own = [
            (code, address)
            for code, name, address in concatenated(_posts(configuration), _households(configuration))
            if name == channel and not (is_exercise and address.startswith(OF_NOBODY))
        ]
        if sum(NUMBER.fullmatch(address) is not None for _, address in own) < NUMBERS_SHARE_MIN * len(own):
            continue
        for fault, codes in _faults_of(own, section.country):
            n = count_of(len(codes), "address", "addresses")
            yield f"channel {channel}: {n} {fault}: {name_some(codes)}"


def _faults_of(own: Sequence[tuple[str, str]], country: str | None) -> Iterator[tuple[str, list[str]]]:
    """What is wrong with numbers of one channel, and with whose."""
    found: dict[str, list[str]] = defaultdict(list)
    fault_of: Callable[[str], str] = number_fault(country)
    usual = _usual_length([address for _, address in own])
    for code, address in own:
        fault = fault_of(address)
        if not fault and usual and len(address) != usual and _is_national(address):
            fault = f"of another length than the other numbers ({usual})"
        if fault:
            found[fault].append(code)
    yield from sorted(found.items())


def _usual_length(addresses: Sequence[str]) -> int:
    """Length that nearly all national numbers of a channel have; 0 where they do not agree."""
    lengths = Counter(len(address) for address in addresses if _is_national(address))
    total = lengths.total()
    if total < LENGTHS_TOLD_MIN:
        return 0
    length, n = lengths.most_common(1)[0]
    return length if n >= (1 - ODD_LENGTH_SHARE_MAX) * total else 0


def _is_national(address: str) -> bool:
    return address.isascii() and address.isdigit()


def _posts(configuration: Configuration) -> Iterator[_Recipient]:
    for post in configuration.network.chain:
        if _has_addresses(configuration, post.channel):
            yield post.post, post.channel, post.address


def _households(configuration: Configuration) -> Iterator[_Recipient]:
    households = configuration.network.households
    with_addresses = {name for name in configuration.channels if _has_addresses(configuration, name)}
    for door, code in enumerate(households.code):
        for channel, address in households.ways(door):
            if channel in with_addresses:
                yield code, channel, address


def _has_addresses(configuration: Configuration, channel: str) -> bool:
    return not isinstance(configuration.channels[channel], TerminalChannelSection)


def posts_of_several_shards(configuration: Configuration) -> Iterator[str]:
    """Who answers for a whole county hears of each of its shards apart, and owes each an answer."""
    if not configuration.shards:
        return
    villages, shards_of = configuration.network.villages, defaultdict[str, set[int]](set)
    for county, shard in zip(villages.county, configuration.shards, strict=True):
        shards_of[county].add(shard)
        shards_of["*"].add(shard)
    areas = {
        post.post: post.team.area if post.team is not None else post.area
        for post in configuration.network.chain
    }
    found = [post for post, area in areas.items() if len(shards_of.get(area, ())) > 1]
    if found:
        yield (
            f"shards.csv: {count_of(len(found), 'post is', 'posts are')} told by several shards, in a digest "
            f"of each, and each of them waits for an answer: {name_some(found)}"
        )
