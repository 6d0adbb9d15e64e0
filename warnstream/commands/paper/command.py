"""The command ``warnstream print``: cards and lists into a folder."""

import argparse
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from warnstream.commands.paper.content import CallRow, VillageCard, cards
from warnstream.commands.paper.page import (
    Printed,
    call_list,
    code_card,
    fetch_list,
    page,
    village_card,
)
from warnstream.config.settings import Configuration
from warnstream.model.errors import StoreError, WarnstreamError
from warnstream.model.times import iso_local
from warnstream.runners.drill.scores import last_drills


def run_print(options: argparse.Namespace) -> int:
    """Do what the command line says."""
    from warnstream.config.load import load_configuration

    configuration = load_configuration(options.directory)
    villages = _chosen(configuration, options.village, options.township)
    files = write_pages(configuration, villages, options.out, options.language, int(time.time()))
    if options.pdf:
        from warnstream.commands.paper.pdf import write_pdf

        files += [write_pdf(file) for file in files]
    print(f"{len(files)} files for {len(villages)} villages in {options.out}")  # noqa: T201  # what it did
    return 0


def _chosen(configuration: Configuration, codes: Sequence[str], townships: Sequence[str]) -> list[int]:
    """Numbers of the villages that are meant. WarnstreamError with all that is wrong."""
    villages = configuration.network.villages
    known, areas = villages.index_of_code(), set(villages.township)
    faults = [f"--village: no village {code!r}" for code in codes if code not in known]
    faults += [f"--township: no village in a township {name!r}" for name in townships if name not in areas]
    if faults:
        raise WarnstreamError("\n".join(faults))
    if not codes and not townships:
        return list(range(len(villages)))
    meant = {known[code] for code in codes}
    meant |= {at for at, township in enumerate(villages.township) if township in townships}
    return sorted(meant)


def write_pages(
    configuration: Configuration, villages: Sequence[int], out: Path, language: str, now_s: int
) -> list[Path]:
    """Write a page of each village and the call list; the files, in the order of the register.

    Raises
    ------
    StoreError
        If the folder cannot be written.
    """
    printed = Printed(
        issuer=configuration.message.sender_name,
        date=iso_local(now_s, configuration.message.time_zone)[:16].replace("T", " "),
        fingerprint=configuration.fingerprint[:12],
        paper=configuration.paper,
        language=language,
    )
    drills = last_drills(configuration.storage.directory)
    posts: dict[str, tuple[str, CallRow]] = {}
    files = []
    try:
        out.mkdir(parents=True, exist_ok=True)
        for card in cards(configuration, villages, drills):
            files.append(out / f"{card.code}.html")
            files[-1].write_text(page(card.name, _sheets(card, printed), printed), "utf-8")
            areas = {
                post.post: post.team.area if post.team else post.area for post in configuration.network.chain
            }
            for row in card.calls:
                posts.setdefault(row.post, (areas[row.post], row))
        rows = sorted(posts.values(), key=lambda one: (-one[1].rank, one[0], one[1].post))
        title = printed.words.calls_title
        files.append(out / "calls.html")
        files[-1].write_text(page(title, [call_list(title, rows, printed)], printed), "utf-8")
    except OSError as error:
        raise StoreError(f"{out}: cannot be written ({error.strerror})", retryable=False) from error
    return files


def _sheets(card: VillageCard, printed: Printed) -> Iterator[str]:
    yield village_card(card, printed)
    yield code_card(card, printed)
    yield fetch_list(card, printed)
