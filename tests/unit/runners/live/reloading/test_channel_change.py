"""Which channels a change exchanges, and what keeps one from being made."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import pytest

from tests.unit.rule_tests.county import write_county
from warnstream.adapters.channels.channel import ConfiguredChannel
from warnstream.adapters.sending.worker import DeliveryWorker
from warnstream.config.channels.webhook import WebhookChannelSection
from warnstream.config.load import load_configuration
from warnstream.config.settings import Configuration
from warnstream.runners.live.reloading import channels
from warnstream.runners.live.reloading.channels import ChannelChange


@dataclass
class Worker:
    exchanged: list[tuple[list[str], list[str]]] = field(default_factory=list)

    def change(
        self, made: Mapping[str, ConfiguredChannel], gone: Collection[str], _on_gone: Callable[[], None]
    ) -> None:
        self.exchanged.append((list(made), list(gone)))


@dataclass
class Drills:
    found: list[object] = field(default_factory=list)

    def records(self) -> list[object]:
        return self.found


def hook(url: str) -> WebhookChannelSection:
    return WebhookChannelSection.model_validate({"kind": "webhook", "url": url})


@pytest.fixture
def live(tmp_path: Path) -> Configuration:
    write_county(tmp_path)
    sections: dict[str, Any] = {"a": hook("http://a.example/"), "b": hook("http://b.example/")}
    return replace(load_configuration(tmp_path), channels=sections)


def change_of(live: Configuration, worker: Worker, drills: Drills | None = None) -> ChannelChange:
    return ChannelChange(live, cast("DeliveryWorker", worker), None, drills or Drills(), lambda: None)


def test_only_what_is_another_is_exchanged(live: Configuration) -> None:
    worker = Worker()
    change = change_of(live, worker)
    new = {"b": hook("http://other.example/"), "c": hook("http://c.example/")}
    after = replace(live, channels=cast("Any", new), fingerprint="new")
    assert change.prepare(after) == []
    change.go_by(after)
    change.go_by(replace(after, fingerprint="the same channels"))
    assert worker.exchanged == [(["b", "c"], ["a"])]


def test_what_was_not_made_before_is_made_at_the_change(live: Configuration) -> None:
    worker = Worker()
    change_of(live, worker).go_by(replace(live, channels={**live.channels, "c": hook("http://c.example/")}))
    assert worker.exchanged == [(["c"], [])]


def test_each_channel_that_cannot_be_made_is_named(
    live: Configuration, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(sections: Mapping[str, object], _around: object) -> dict[str, ConfiguredChannel]:
        raise OSError(f"no key of {next(iter(sections))}")

    monkeypatch.setattr(channels, "make_channels", broken)
    new = {**live.channels, "b": hook("http://other.example/"), "c": hook("http://c.example/")}
    faults = change_of(live, Worker()).prepare(replace(live, channels=new))
    assert [fault.partition(":")[0] for fault in faults] == ["channel b", "channel c"]
    assert "no key of c" in faults[1]


def test_no_channel_goes_while_a_drill_tells_people_by_it(live: Configuration) -> None:
    fewer = replace(live, channels={"a": live.channels["a"]})
    assert change_of(live, Worker(), Drills([object()])).prepare(fewer) == [
        "channel b: a drill tells people by it: end the drill first"
    ]
    assert change_of(live, Worker()).prepare(fewer) == []
