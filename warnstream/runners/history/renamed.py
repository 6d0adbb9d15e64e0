"""Villages, posts and hazards with another code now: by which codes log, ledger and outbox know them.

A configuration says it itself (`was`). After a rollback the one that runs does not, but the log does: what
was called V9 for a while is V1 again, and people still answer to V9. So what each configuration of the log
knew of earlier codes holds on, until another row has such a code.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from warnstream.config.settings import Configuration
from warnstream.runners.intake.history_entries import ConfigurationEntry


def named_as_before(configuration: Configuration, known: Iterable[ConfigurationEntry]) -> Configuration:
    """A configuration with the earlier codes that those of the log knew, oldest first, beside its own."""
    entries, network = list(known), configuration.network
    villages = network.villages
    pairs = [(row.code, before) for entry in entries for row in entry.villages for before in row.was]
    village = codes_now(villages.code, villages.was, pairs)
    pairs = [(post, before) for entry in entries for before, post in entry.posts_were.items()]
    posts = codes_now({row.post for row in network.chain}, network.posts_were, pairs)
    pairs = [(name, before) for entry in entries for before, name in entry.hazards_were.items()]
    own = {rule.name for rule in configuration.rules}
    hazards = _one_thing(codes_now(own, network.hazards_were, pairs), entries)
    if (village, posts, hazards) == (villages.was, network.posts_were, network.hazards_were):
        return configuration
    named = replace(network, villages=replace(villages, was=village), posts_were=posts, hazards_were=hazards)
    return replace(configuration, network=named)


def _one_thing(hazards: dict[str, str], known: Iterable[ConfigurationEntry]) -> dict[str, str]:
    """Without names that were two hazards of one configuration: neither goes on as the other."""
    together = [{row.name for row in entry.hazards} for entry in known]
    return {
        before: name
        for before, name in hazards.items()
        if not any({before, name} <= both for both in together)
    }


def codes_now(
    codes: Collection[str], was: Mapping[str, str], pairs: Iterable[tuple[str, str]]
) -> dict[str, str]:
    """By a code that is no row's any more, the code that its row has now.

    Parameters
    ----------
    codes : collection of str
        Of the rows that there are.
    was : mapping of str to str
        By an earlier code, that of its row: as the configuration says it.
    pairs : iterable of (str, str)
        Codes of one and the same row at two times, the older pairs first.

    Examples
    --------
    >>> codes_now(["V9"], {"V5": "V9"}, [("V5", "V1")])
    {'V5': 'V9', 'V1': 'V9'}
    >>> codes_now(["V1"], {}, [("V9", "V1")])
    {'V9': 'V1'}
    """
    present, now = set(codes), dict(was)
    found: dict[str, str] = {}
    for pair in [*pairs, *((code, before) for before, code in was.items())]:
        ends = {code for code in pair if code in present}
        ends |= {now.get(code) or found[code] for code in pair if code in now or code in found}
        if len(ends) == 1:
            found |= dict.fromkeys((code for code in pair if code not in present), next(iter(ends)))
    return {**found, **{before: code for before, code in was.items() if code in present}}
