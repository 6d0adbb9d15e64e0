"""`warnstream reload` in the running node: one change at a time, in a thread of its own.

Whatever fails before the moment of the change changes nothing; it is told to whoever asked, in the log and on
/readyz. The moment itself is the loop's (`Keeper.change_over`), between two entries.
"""

import logging
import shlex
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from dataclasses import dataclass, field, replace
from typing import Protocol, TypeVar

from warnstream.adapters.bundles.approvals import fault_of, read_approvals
from warnstream.adapters.bundles.store import Bundle
from warnstream.adapters.metrics import Metrics
from warnstream.config.settings import ChangePolicy, Configuration
from warnstream.config.wording import count_of
from warnstream.model.errors import StoreError, WarnstreamError, describe
from warnstream.model.hands.orders import Role
from warnstream.model.times import iso_utc
from warnstream.runners.build import Derived
from warnstream.runners.bundles.keeping import OwnBundle, user
from warnstream.runners.live.reloading.changeover import Change, Ready, make_ready
from warnstream.runners.live.reloading.errands import Errands
from warnstream.runners.live.reloading.handover import DOORS_UNKNOWN, Ask, Report, joined, software_stamp
from warnstream.runners.live.reloading.preparing import Child
from warnstream.runners.live.reloading.scope import restart_faults, wants_second

log = logging.getLogger(__name__)

QUIET_S_MAX = 60.0
"""So long a change waits until everything issued is recorded, and a snapshot is on disk."""

OTHER_S_MAX = 20.0
"""So long a change waits for a second box that is not there."""

LOOK_S = 0.1
STOP_S_MAX = 10.0
SHOWN_MAX = 3
"""Faults of a refusal that /readyz names; whoever asked gets all."""

Say = Callable[[str], None]
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody asks for.

    Attributes
    ----------
    bundle : int
        Number of the bundle to go back to; 0: CONFIG_DIR as it is.
    is_agreed : bool
        `--yes`: what wants a word has it.
    person : str
        Who asks; the user that runs the node where nobody says.
    is_alone : bool
        `--alone`: where the second box is not there it is made without it.
    """

    bundle: int = 0
    is_agreed: bool = False
    person: str = ""
    is_alone: bool = False

    @property
    def why(self) -> str:
        """For the manifest and the uses."""
        return f"reload of bundle {self.bundle}" if self.bundle else "reload"


class RefusedError(WarnstreamError):
    """A change that is not made, with everything that keeps it from being made."""

    def __init__(self, faults: list[str]) -> None:
        self.faults = faults
        super().__init__("; ".join(faults))


class Beside(Protocol):
    """The second box, as far as a change needs it."""

    def of_box(self, configuration: Configuration) -> Configuration:
        """A configuration with the addresses that this machine listens on."""

    def go_by(self, configuration: Configuration) -> None:
        """Another configuration runs from now on."""

    def why_alone(self) -> str:
        """Why a change cannot go to the other box now; empty: it can."""

    def hold(self, bundle: Bundle) -> str:
        """Have the other box hold and load a bundle; why it cannot, empty: it can."""


class Changing(Protocol):
    """The node, as far as a change needs it."""

    @property
    def read(self) -> Configuration:
        """What runs, as it was read."""

    def wall_s(self) -> int:
        """The node's clock."""

    def prepare(self, new: Configuration) -> list[str]:
        """Make what takes time or may fail; why that cannot be, in lines."""

    def begin_snapshot(self) -> bool:
        """In the loop: have the state written; False if that cannot be now."""

    def snapshot_state(self) -> bool | None:
        """In the loop: whether the last one that was begun is on disk; None while it is on its way."""

    def change_over(self, ready: Ready) -> list[str] | None:
        """In the loop: as of `Keeper.change_over`, for all of the node."""


@dataclass(slots=True)
class _Turn:
    """A wish that waits, and who hears of it."""

    wish: Wish
    say: Say
    done: threading.Event = field(default_factory=threading.Event)
    is_live: bool = False


class Reloads:
    """Changes of one node.

    Parameters
    ----------
    node : Changing
    bundle : OwnBundle
    errands : Errands
    metrics : Metrics
    child : Child, optional
    beside : Beside, optional
        There is a second box.
    """

    def __init__(
        self,
        node: Changing,
        bundle: OwnBundle,
        errands: Errands,
        metrics: Metrics,
        child: Child | None = None,
        beside: Beside | None = None,
    ) -> None:
        self._node, self._bundle, self._errands, self._metrics = node, bundle, errands, metrics
        self._child, self._beside = child or Child(), beside
        self._lock, self._software = threading.Lock(), software_stamp()
        self._stopping = threading.Event()
        self._refusal = ""
        self._threads: list[threading.Thread] = []

    def said(self) -> list[str]:
        """For /readyz: what was refused last, and what runs instead of CONFIG_DIR."""
        found = [self._refusal] if self._refusal else []
        if self._bundle.instead:
            has = "CONFIG_DIR has what was rolled back"
            if self._beside is not None:  # that changes came from the other box is the rule there
                has = "CONFIG_DIR of this box has another one, older or rolled back"
            found.append(
                f"bundle {self._bundle.number} runs: {has}; a restart does not take that either, until "
                "CONFIG_DIR is changed or reloaded"
            )
        return found

    def ask(self, wish: Wish, say: Say) -> bool:
        """Make a change; whether it is live. `say` is told a line at a time; any thread but the loop's."""
        if self._stopping.is_set() or not self._lock.acquire(blocking=False):
            say(
                "refused: another reload is under way"
                if not self._stopping.is_set()
                else "refused: the node is stopping"
            )
            return False
        try:
            self._make(wish, say)
        except RefusedError as refused:
            self._refuse(wish, refused.faults, say)
        except (WarnstreamError, OSError, CancelledError) as error:
            self._refuse(wish, [describe(error)], say)
        except Exception as error:  # a fault of ours, before the change: the node runs on
            log.exception("reload failed")
            self._refuse(wish, [describe(error)], say)
        else:
            return True
        finally:
            self._lock.release()
        return False

    def ask_in_background(self, wish: Wish) -> None:
        """As of `ask`, by a signal: what would be said is in the log; any thread."""
        thread = threading.Thread(
            target=self.ask,
            args=(wish, lambda line: log.info("reload", extra={"said": line})),
            name="reload",
            daemon=True,
        )
        self._threads = [*(thread for thread in self._threads if thread.is_alive()), thread]
        thread.start()

    def stop(self) -> None:
        """Take no more, and end what is under way; the loop must still run, or do its last errands."""
        self._stopping.set()
        self._child.stop()

    def _refuse(self, wish: Wish, faults: list[str], say: Say) -> None:
        self._metrics.reloads.labels("refused").inc()
        shown = "; ".join(faults[:SHOWN_MAX]) + (
            f"; and {len(faults) - SHOWN_MAX} more" if len(faults) > SHOWN_MAX else ""
        )
        at = iso_utc(self._node.wall_s())
        self._refusal = f"{wish.why} of {at} was refused, bundle {self._bundle.number} runs on: {shown}"
        log.error("reload refused", extra={"why": wish.why, "person": wish.person, "faults": shown})
        for fault in faults:
            say(f"refused: {fault}")
        say(f"nothing was changed: bundle {self._bundle.number} runs on")

    def _make(self, wish: Wish, say: Say) -> None:
        """Every step of a change. RefusedError, or any other, before the last one: nothing has changed."""
        node = self._node
        live = node.read
        if not self._bundle.number:
            raise RefusedError(
                ["the running configuration is not kept as a bundle: there would be no way back"]
            )
        say("keeping the state")
        self._keep_state()
        say(f"reading {f'bundle {wish.bundle}' if wish.bundle else live.directory}")
        report, parts = self._prepared(wish, live)
        for line in [report.tests] if report.tests else []:
            say(line)
        derived = self._of_this_machine(joined(parts))
        new = derived.configuration
        if new.fingerprint == live.fingerprint:
            say(f"nothing to do: this is what runs (bundle {self._bundle.number})")
            self._bundle.instead = "" if not wish.bundle else self._bundle.instead
            self._refusal = ""
            return
        if faults := restart_faults(live, new):
            raise RefusedError(faults)
        if faults := node.prepare(new):
            raise RefusedError(faults)
        who = wish.person or user()
        bundle = self._frozen(wish, new, who)
        say(f"bundle {bundle.number}")
        self._demand_word(wish, report, live.changes, say)
        self._demand_second(wish, bundle, wants_second(live, new), say)
        is_back = bool(wish.bundle) and self._bundle.has_run(bundle.number)
        instead = live.fingerprint if is_back else ""
        ready = make_ready(derived, Change(bundle.number, node.wall_s(), who, wish.why, instead), live)
        self._demand_other_box(wish, bundle, say)
        begun = time.monotonic()
        notes = self._changed_over(ready)
        if self._beside is not None:
            self._beside.go_by(new)
        self._metrics.reloads.labels("live").inc()
        self._refusal = ""
        waited_s = round(time.monotonic() - begun, 3)
        log.warning(
            "reloaded", extra={"bundle": bundle.number, "person": who, "why": wish.why, "waited_s": waited_s}
        )
        for note in notes:
            log.warning("state carried to the changed configuration", extra={"note": note})
            say(f"look at: {note}")
        say(f"bundle {bundle.number} is live")
        self._keep_new_state(say)

    def _prepared(self, wish: Wish, live: Configuration) -> tuple[Report, list[bytes]]:
        storage = live.storage.directory
        ask = Ask(str(live.directory), str(storage), wish.bundle, self._bundle.number)
        report, parts = self._child.prepare(ask)
        if report.faults:
            raise RefusedError(report.faults)
        if report.software != self._software:
            raise RefusedError(["the software on disk is not what this node runs: it needs a restart"])
        return report, parts

    def _frozen(self, wish: Wish, new: Configuration, who: str) -> Bundle:
        if wish.bundle:
            return self._bundle.bundle(wish.bundle)
        return self._bundle.frozen(new, self._node.wall_s(), who, wish.why)

    def _demand_word(self, wish: Wish, report: Report, policy: ChangePolicy, say: Say) -> None:
        """What is new to look at, and whom it would wake: more than the policy lets pass wants a word."""
        for line in (*(f"look at: {look}" for look in report.looks), *report.preview):
            say(line)
        if report.looks and policy.strict:
            raise RefusedError([f"{look} (changes.strict)" for look in report.looks])
        wants = list(_wants(report, policy))
        if wants and not wish.is_agreed:
            raise RefusedError([f"{want}: --yes is wanted" for want in wants])

    def _demand_second(self, wish: Wish, bundle: Bundle, concerns: list[str], say: Say) -> None:
        """Somebody has signed it who neither asks for it nor froze it; what has run may run again without."""
        if not concerns or (wish.bundle and self._bundle.has_run(bundle.number)):
            return
        known = (operator for operator in self._node.read.operators if operator.role is not Role.READER)
        authors = {wish.person, bundle.manifest.who}
        people = {operator.person: operator for operator in known if operator.person not in authors}
        faults = []
        for person, signature in read_approvals(bundle).items():
            if person not in people:
                faults.append(f"approval by {person}: not another officer or second of operators.csv")
            elif fault := fault_of(bundle, people[person], signature):
                faults.append(f"approval by {person}: {fault}")
            else:
                say(f"approved by {person}")
                return
        directory = shlex.quote(str(self._node.read.directory))
        faults.append(
            f"{', '.join(sorted(concerns))}: another person has to sign (changes.second_person): warnstream "
            f"approve {directory} {bundle.number} --person PERSON --key FILE, then warnstream reload "
            f"{directory} --bundle {bundle.number}"
        )
        raise RefusedError(faults)

    def _of_this_machine(self, derived: Derived) -> Derived:
        if self._beside is None:
            return derived
        return replace(derived, configuration=self._beside.of_box(derived.configuration))

    def _demand_other_box(self, wish: Wish, bundle: Bundle, say: Say) -> None:
        """A second box holds it and has loaded it, or somebody has said that it goes without that box."""
        if self._beside is None:
            return
        until = time.monotonic() + OTHER_S_MAX
        while (why := self._beside.why_alone()) and not wish.is_alone and time.monotonic() < until:
            if self._stopping.wait(LOOK_S):
                raise RefusedError(["the node is stopping"])
        if why and wish.is_alone:
            say(f"look at: the second box is not there ({why}): it gets bundle {bundle.number} later")
            return
        if why:
            raise RefusedError([f"the second box is not there ({why}): mend that, or say --alone"])
        say("the second box is given it")
        if fault := self._beside.hold(bundle):
            raise RefusedError([fault])

    def _changed_over(self, ready: Ready) -> list[str]:
        """As soon as all that was issued is recorded."""
        until = time.monotonic() + QUIET_S_MAX
        while True:
            notes = self._in_loop(lambda: self._node.change_over(ready))
            if notes is not None:
                return notes
            if time.monotonic() > until or self._stopping.wait(LOOK_S):
                raise RefusedError(["what was issued is not recorded yet: try again in a minute"])

    def _keep_state(self) -> None:
        """A snapshot of before: a crash right after the change follows it from there."""
        if not self._has_kept_state():
            raise RefusedError(["the state cannot be written now, so a restart could not follow the change"])

    def _keep_new_state(self, say: Say) -> None:
        try:
            if self._has_kept_state():
                return
        except (StoreError, RefusedError, CancelledError):
            pass
        say("the state is not written yet: a restart would follow the change from the one before")

    def _has_kept_state(self) -> bool:
        until, node = time.monotonic() + QUIET_S_MAX, self._node
        while not self._in_loop(node.begin_snapshot):
            if time.monotonic() > until or self._stopping.wait(LOOK_S):
                return False
        while (found := self._in_loop(node.snapshot_state)) is None:
            if time.monotonic() > until or self._stopping.wait(LOOK_S):
                return False
        return found

    def _in_loop(self, work: Callable[[], Result]) -> Result:
        asked = self._errands.ask(work)
        while not asked.done():
            if self._stopping.is_set() and asked.cancel():
                raise RefusedError(["the node is stopping"])
            try:
                return asked.result(LOOK_S)
            except TimeoutError:
                continue
        return asked.result()


def _wants(report: Report, policy: ChangePolicy) -> Iterator[str]:
    if report.looks:
        yield f"{count_of(len(report.looks), 'line', 'lines')} to look at that the live configuration had not"
    if report.doors == DOORS_UNKNOWN:
        yield "whom it would wake cannot be said"
    if report.doors > policy.reload_wakes_max:
        told = count_of(report.doors, "door", "doors")
        yield f"{told} would be told now, more than changes.reload_wakes_max ({policy.reload_wakes_max})"
