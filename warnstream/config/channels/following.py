"""Which channel goes on where another has led to no answer: chains that end, with addresses for both."""

from collections.abc import Iterator, Mapping

from warnstream.config.channels.section import ChannelSection
from warnstream.model.network import Households


def next_of(channels: Mapping[str, ChannelSection]) -> dict[str, str]:
    """The channel that comes after each that has one."""
    return {name: section.next.channel for name, section in channels.items() if section.next is not None}


def after_of(channels: Mapping[str, ChannelSection]) -> dict[str, int]:
    """After how many seconds without an answer it has its turn, by the channel before."""
    return {name: section.next.after_s for name, section in channels.items() if section.next is not None}


def silent_after_of(channels: Mapping[str, ChannelSection]) -> dict[str, int]:
    """After how many seconds without an answer a channel for the silent has its turn, by its name."""
    return {
        name: section.for_silent.after_s
        for name, section in channels.items()
        if section.for_silent is not None
    }


def faults_of_next(channels: Mapping[str, ChannelSection]) -> Iterator[tuple[str, str]]:
    """Channels whose next one is none that could go on, and why."""
    following = next_of(channels)
    for name, later in following.items():
        if later not in channels:
            yield name, f"unknown channel {later!r}, expected one of {', '.join(sorted(channels))}"
        elif channels[later].is_for_posts_only:
            yield name, f"channel {later!r} has no receipts and takes no answers: it is for posts alone"
        elif _comes_back(name, following):
            yield name, f"expected a chain that ends: {later!r} leads back to {name!r}"


def _comes_back(name: str, following: Mapping[str, str]) -> bool:
    seen, at = {name}, following.get(name)
    while at is not None and at not in seen:
        seen.add(at)
        at = following.get(at)
    return at is not None and at == name


def faults_of_addresses(
    channels: Mapping[str, ChannelSection], households: Households
) -> Iterator[tuple[str, str]]:
    """Channels with households whose address the next one cannot use."""
    following = next_of(channels)
    checks = {name: channels[later].is_address for name, later in following.items() if later in channels}
    found: dict[str, list[str]] = {}
    if not checks:
        return
    columns = households.code, households.channel, households.address
    for door, (code, channel, address) in enumerate(zip(*columns, strict=True)):
        if households.further and households.further[door]:
            continue  # its own ways come after it
        is_address = checks.get(channel)
        if is_address is not None and not is_address(address):
            found.setdefault(channel, []).append(code)
    for name, codes in found.items():
        later = following[name]
        expected = channels[later].address_expected or "an address of its kind"
        whose = f"{len(codes)} households, {codes[0]} first"
        yield name, f"channel {later!r} cannot use the address of {whose}: expected {expected}"
