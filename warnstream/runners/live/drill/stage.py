"""One drill, opened: its log, desk, outbox and ledger, brought up to the log; for the drill's thread alone.

Everything that the node's keeper does for real warnings is done here by the same parts, in a folder of the
drill's own. After a crash what the log has is followed, and what was not issued is issued under its own name.
"""

import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import ExitStack
from pathlib import Path

from msgspec import structs

from warnstream import __version__
from warnstream.adapters.journal.journal import Journal
from warnstream.adapters.ledger.node_outbox import NodeOutbox
from warnstream.adapters.metrics import Metrics
from warnstream.adapters.outbox.types import AlarmNotice
from warnstream.config.settings import Configuration
from warnstream.lifecycle.identity import legal
from warnstream.model.alarms import AlarmPort
from warnstream.model.effects import Effects
from warnstream.model.times import clock_local
from warnstream.model.warning import MessageStatus
from warnstream.routing.duty import as_held
from warnstream.runners.drill.course import Course, HandedOver, entry_of
from warnstream.runners.drill.entries import BEGUN, OVER, TAKEN, Begun, Over, decode_begun, encode
from warnstream.runners.drill.setting import build_drill_desk, drill_configuration
from warnstream.runners.history.issued_history import read_history
from warnstream.runners.history.kept import keep_rows
from warnstream.runners.history.start import entry_of as configuration_entry
from warnstream.runners.intake import entries
from warnstream.runners.intake.door_entries import OF_DOORS, OUTCOME
from warnstream.runners.intake.history_entries import CONFIGURATION, ISSUED, issued_of
from warnstream.runners.intake.history_entries import encode as encode_history
from warnstream.runners.intake.topics import Topics
from warnstream.runners.live.doors import DoorKeeper, note_end
from warnstream.runners.live.recording.recorder import Desk, Recorder
from warnstream.runners.renderer import Renderer, no_end_of

log = logging.getLogger(__name__)

OWNER = "drill"
SEGMENT_BYTES = 1 << 20

Entry = tuple[str, bytes]


class Stage:
    """A drill that has begun.

    Parameters
    ----------
    folder : Path
    configuration : Configuration
        The node's.
    alarms, metrics
    wake_channels : callable
    ask_log : callable
        Takes an entry of outcomes; done once it is durable.
    event_clock : callable
        The engine's time.
    begun : Begun, optional
        Of a drill that begins now; without it the folder's log says what it is.

    Raises
    ------
    StoreError
        If the folder cannot be used.
    ValueError
        If its log is of no drill.
    """

    def __init__(  # noqa: PLR0913  # what a drill stands on, each by name
        self,
        folder: Path,
        configuration: Configuration,
        *,
        alarms: AlarmPort,
        metrics: Metrics,
        wake_channels: Callable[[], None],
        ask_log: Callable[[bytes], "Future[None]"],
        event_clock: Callable[[], float],
        begun: Begun | None = None,
    ) -> None:
        self.folder = folder
        self._wake_channels = wake_channels
        with ExitStack() as opened:  # what cannot be opened whole leaves nothing open: it is tried again
            self._journal = Journal(folder, segment_bytes=SEGMENT_BYTES)
            opened.callback(self._journal.close)
            if begun is not None and not self._journal.last_sequence():
                self._journal.append_many([(BEGUN, encode(begun))])
            kept = list(self._journal.since(0))
            if not kept or kept[0][1] != BEGUN:
                raise ValueError(f"{folder}: the log is of no drill")
            history = read_history(None, kept)
            setting = drill_configuration(configuration, decode_begun(kept[0][2]).order)
            waiting = [*history.open_voices(), *history.told]
            rows = keep_rows(setting, history.open_cases(), history.configuration, waiting)
            self._setting = rows.configuration
            self.desk = build_drill_desk(rows.configuration, len(setting.network.villages))
            self.course = Course(self.desk)
            self.outbox = NodeOutbox.open_or_begin_anew(folder, OWNER)
            opened.callback(self.outbox.close)
            network, channels = self._setting.network, configuration.channels
            self.outbox.open_doors(folder, network, ask_log, event_clock, channels)
            self._renderer = Renderer(self._setting, metrics, lambda: self.desk)
            self._recorder = Recorder(self.outbox, self._journal, alarms, metrics, wake_channels)
            self._doors = DoorKeeper(self.outbox, self._journal, alarms, self._append)
            self._owed: tuple[list[Entry], Effects] | None = None
            self._present = configuration_entry(setting, __version__, int(time.time()))
            self._recover(
                kept, history.last_issued, is_changed=not self._present.is_same_as(history.configuration)
            )
            opened.pop_all()

    @property
    def _says(self) -> Desk:
        return Desk(self.desk, self._setting.network, self._renderer)

    def _append(self, new: list[Entry]) -> int | None:
        return self._journal.append_many(new)

    def _recover(self, kept: Sequence[tuple[int, str, bytes]], last_issued: int, *, is_changed: bool) -> None:
        """Bring everything up to the log; a changed configuration goes on from what people were told."""
        history = read_history(None, kept)
        self._doors.recover(self._setting.network, "", Topics(self._setting.topic_prefix), -1)
        live: list[tuple[int, Effects]] = []
        for number, kind, payload in kept:
            if kind in (ISSUED, *OF_DOORS):
                continue
            if number <= last_issued or is_changed:
                self.course.follow(kind, payload, history.issued.get(number, ()))
            elif (effects := self.course.consume(kind, payload)) is not None and effects.is_told:
                live.append((number, effects))
        self.course.take_answered()  # the ledger has followed them
        self._recorder.catch_up(self._says)
        for number, effects in live:
            self._issue(number, effects)
        if is_changed:
            self._change_over()
        self._doors.recovered(self.desk.last_bulletins(), "")
        self.outbox.recover()

    def _change_over(self) -> None:
        begins = self.course.now_s < 0
        present = structs.replace(self._present, at_s=max(self.course.now_s, 0))
        number = self._journal.append_many([(CONFIGURATION, encode_history(present))])
        if not begins:
            effects = self.desk.change_over(self.course.now_s)
            if effects.is_told:
                self._issue(number, effects)

    # What comes.

    def take(self, sequence: int, given: Sequence[HandedOver]) -> None:
        """What an entry of the node's journal has brought, once. StoreError if it is not durable."""
        if sequence <= self.course.taken:
            return
        new = [*map(entry_of, given), (TAKEN, encode(sequence))]
        self._journal.append_many(new)
        for kind, payload in new:
            self.course.consume(kind, payload)
        if answers := self.course.take_answered():
            self._doors.answer(answers)
            self._recorder.write(lambda: self.outbox.answer_of_posts(answers))

    def end(self, villages: Sequence[str], why: str, now_s: int, taken: int = 0) -> None:
        """The drill is over in these villages, from the next step on. StoreError."""
        new = [(OVER, encode(Over(list(villages), why, now_s)))]
        new += [(TAKEN, encode(taken))] if taken else []
        self._journal.append_many(new)
        for kind, payload in new:
            self.course.consume(kind, payload)

    def take_outcomes(self, payloads: Sequence[bytes]) -> None:
        """What channels say of doors. StoreError if it is not durable."""
        new = [(OUTCOME, payload) for payload in payloads]
        self._journal.append_many(new)
        for kind, payload in new:
            self._doors.take(kind, payload)

    def step(self, now_s: int) -> None:
        """Let the drill's desk take what waits at that time. StoreError: to be tried again."""
        self.pay()
        payload = entries.encode_tick(now_s)
        number = self._journal.append_many([(entries.TICK, payload)])
        effects = self.course.consume(entries.TICK, payload)
        if effects is not None and effects.is_told:
            self._issue(number, effects)

    def _issue(self, number: int, effects: Effects) -> None:
        codes = self._setting.network.villages.code
        payload = encode_history(issued_of(number, 0, effects, self.desk, codes))
        self._owed = [(ISSUED, payload)], effects
        self.pay()

    def pay(self) -> None:
        """Make durable what a step asked for, then hand it on. StoreError: it is still owed."""
        if self._owed is None:
            return
        new, effects = self._owed
        number = self._journal.append_many(new)
        self._owed = None
        self.outbox.forbid_ends(no_end_of(self.desk, self._setting.network.villages))
        if effects:
            self._doors.issue(effects.to_doors, self._renderer)
            self._recorder.record(number, effects, self._says)
            self._wake_channels()

    def go_on(self) -> bool:
        """Record some of what waits; whether there is more."""
        self._recorder.catch_up_if_due(self._says)
        if self._doors.call_silent(self.course.now_s):
            self._wake_channels()
        return self._recorder.go_on()

    def announce(self) -> None:
        """Tell the posts of the drill that there will be one."""
        begun = self.course.begun
        assert begun is not None, "a stage has begun"
        first = min((step.after_s for step in begun.order.steps), default=0)
        clock = clock_local(begun.at_s + first, self._setting.message.time_zone)
        count = len(begun.order.villages)
        notice = AlarmNotice(
            name=f"{legal(self._setting.message.prefix)}.@announced.{begun.order.identifier}",
            version=1,
            status=str(MessageStatus.EXERCISE),
            at_s=begun.at_s,
            expires_s=begun.at_s + begun.order.for_s,
            text_zh=f"【演练】{clock}起演练，{count}个村，请按演练通知应答。",
            text_en=f"[EXERCISE] An exercise begins at {clock} in {count} villages. Answer its messages.",
        )
        network = self._setting.network
        asked = {post.post for at in range(len(network.villages)) for post in network.posts_of_village(at)}
        posts = as_held((post for post in network.chain if post.post in asked), network.roster, begun.at_s)
        self._recorder.write(lambda: self.outbox.record_alarm(notice, posts))

    def close(self, *, has_ended: bool) -> None:
        """Close the files; `has_ended`: nobody sends any more."""
        note_end(self.outbox.doors, has_ended=has_ended)
        self.outbox.close()
        self._journal.close()
