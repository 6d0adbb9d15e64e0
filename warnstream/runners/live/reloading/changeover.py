"""The moment of a change, in the loop's thread: what was prepared takes the state over, between entries."""

import shlex
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from msgspec import structs

from warnstream import __version__
from warnstream.adapters.bundles.uses import Use
from warnstream.config.settings import Configuration
from warnstream.desk import WarningDesk
from warnstream.engine import Engine
from warnstream.lifecycle.voice import voices_in
from warnstream.model.errors import WarnstreamError
from warnstream.model.times import iso_utc
from warnstream.routing.chains import called_before
from warnstream.runners.build import Derived, assemble, build_desk, build_intake
from warnstream.runners.history.kept import keep_rows
from warnstream.runners.history.renamed import named_as_before
from warnstream.runners.history.start import entry_of
from warnstream.runners.intake.history_entries import encode
from warnstream.runners.intake.intake import Intake


@dataclass(frozen=True, slots=True)
class Change:
    """What a change is called, who made it, and when.

    Attributes
    ----------
    number : int
        Of the bundle that is to run.
    at_s : int
        By the node's clock.
    who, why : str
    instead : str
        Fingerprint of what CONFIG_DIR has, where a bundle of before runs instead of it.
    """

    number: int
    at_s: int
    who: str
    why: str
    instead: str = ""

    def use(self, entry: int) -> Use:
        """As it is noted: it runs from the entry after that one on."""
        return Use(self.number, entry, iso_utc(self.at_s), self.who, self.why, self.instead)


@dataclass(frozen=True, slots=True, eq=False)
class Ready:
    """A configuration that may go live: nothing of it has to be worked out any more."""

    configuration: Configuration
    intake: Intake
    payload: bytes
    change: Change


@dataclass(slots=True)
class TakenOver:
    """The state under the new configuration, and what of it begins anew."""

    intake: Intake
    people: Configuration
    notes: list[str] = field(default_factory=list)


def make_ready(derived: Derived, change: Change, live: Configuration) -> Ready:
    """An engine without state, and the entry that says so; in any thread. `live` runs until then."""
    known = entry_of(live, __version__, change.at_s)
    configuration = named_as_before(derived.configuration, [known])
    derived = replace(derived, configuration=configuration)
    chains = {called_before(configuration.network).chain, configuration.network.chain}
    asks_posts = live.network.chain not in chains or live.routing != configuration.routing
    entry = entry_of(configuration, __version__, change.at_s, change.number)
    payload = encode(structs.replace(entry, is_live=True, asks_posts=asks_posts))
    return Ready(configuration, build_intake(configuration, engine=assemble(derived)), payload, change)


def take_over(ready: Ready, before: Intake, people: Configuration, waiting: Iterable[str]) -> TakenOver:
    """Bring the state of a running engine into the new one; `before` may go on if that fails.

    Parameters
    ----------
    ready : Ready
    before : Intake
    people : Configuration
        With the rows of before that warnings and doors still need.
    waiting : iterable of str
        Codes of villages in which doors wait.

    Raises
    ------
    WarnstreamError
        If a warning stands for what is gone.
    ValueError, KeyError
        If the state does not fit.
    """
    configuration, told = ready.configuration, before.engine.desk
    standing = [(code, case.warning.hazard) for code, case in told.cases() if case.warning.is_open]
    _refuse_removed(standing, configuration)
    voices = voices_in(told.bulletins.snapshot())
    now = configuration.network.villages.code_now
    needed = {now(code) for code in (*waiting, *(code for code, voice in voices if voice.is_open))}
    _refuse_under_transfer(told, configuration)
    lost = needed - set(configuration.network.villages.code)
    intake, kept = ready.intake, configuration
    if lost:
        known = entry_of(people, __version__, 0)
        kept = keep_rows(configuration, (), known, lost).configuration
        assessment = intake.engine.assessment
        intake = build_intake(
            configuration, engine=Engine(assessment, build_desk(configuration, kept.network))
        )
    return TakenOver(intake, kept, intake.take_over(before))


def _refuse_under_transfer(told: WarningDesk, configuration: Configuration) -> None:
    """People on a list are looked for under the code that their village had when the list was opened."""
    was = configuration.network.villages.was
    moving = [code for code in told.transfers.standing_in() if code in was]
    if moving:
        raise WarnstreamError(
            f"a transfer is under way in {moving[0]}, which would be called {was[moving[0]]}: end it first"
        )


def _refuse_removed(standing: Iterable[tuple[str, str]], configuration: Configuration) -> None:
    """One may have been issued since the check."""
    villages, hazards = (
        configuration.network.villages.index_of_name(),
        {rule.name for rule in configuration.rules},
    )
    now = configuration.network.hazards_were
    gone = [
        (code, hazard)
        for code, hazard in standing
        if code not in villages or now.get(hazard, hazard) not in hazards
    ]
    if gone:
        code, hazard = gone[0]
        command = shlex.join(["warnstream", "end", str(configuration.directory), code, hazard])
        raise WarnstreamError(
            f"a warning of {hazard} stands for {code}, which is gone ({len(gone)} such): end it first with "
            f"{command} --reason TEXT --author NAME"
        )
