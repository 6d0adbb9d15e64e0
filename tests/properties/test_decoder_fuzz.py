"""Whatever comes, nothing raises and what comes out can be used: the campaign, a second per target.

``make fuzz`` runs the same targets for minutes (`tests.fuzz.run`).
"""

import itertools
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from tests.fuzz import campaign
from tests.fuzz.campaign import run_target
from tests.fuzz.mutate import Mutator
from tests.fuzz.regressions import REGRESSIONS
from tests.fuzz.run import all_targets
from tests.fuzz.targets import STATIONS, Target
from warnstream.ingest.names import RawMessage
from warnstream.ingest.selection import DecoderSelection
from warnstream.model.observations.decoders import FORMATS, DecoderRule

TARGETS = all_targets()
SECONDS = 1.0
SEED = 20_260_618


@pytest.mark.parametrize("name", list(TARGETS))
def test_no_mutated_input_breaks_a_law_of_its_target(name: str) -> None:
    outcome = run_target(TARGETS[name], seed=SEED, seconds=SECONDS)
    assert not outcome.finding, outcome.as_text()
    assert outcome.inputs > 0


@pytest.mark.parametrize(
    ("name", "payload"),
    [(name, payload) for name, payloads in REGRESSIONS.items() for payload in payloads],
    ids=lambda value: value if isinstance(value, str) else f"{len(value)} bytes",
)
def test_what_once_was_a_finding_is_none_any_more(name: str, payload: bytes) -> None:
    target = TARGETS[name]
    outcome = campaign.Outcome(name, 0)
    for seed in range(5):  # the cuts of a stream are random
        campaign.Watched(target, outcome).run(payload, Random(seed))
        assert not outcome.finding, outcome.as_text()


@pytest.mark.parametrize("name", list(TARGETS))
def test_the_campaign_begins_with_good_messages(name: str) -> None:
    """Else it would only ever see the first refusal."""
    outcome = campaign.Outcome(name, 0)
    for seed in TARGETS[name].seeds:
        campaign.Watched(TARGETS[name], outcome).run(seed, Random(1))
    assert not {"not_json", "not_cbor", "bad_frame", "bad_checksum", "wrong_shape"} & set(outcome.words) - (
        {"bad_frame"} if name == "sl651_session" else set()
    )
    assert sum(outcome.words[f"{kind} {n}"] for kind in ("readings", "messages") for n in range(1, 6))


def test_every_format_is_fuzzed() -> None:
    assert set(FORMATS) - {"sl651"} <= set(TARGETS) | {"flat_json"}
    assert {"sl651_hex", "sl651_ascii", "sl651_session"} <= set(TARGETS)


def _target(check: Callable[[bytes, Random], list[str]]) -> Target:
    return Target("t", [b"seed"], Mutator("bytes", []), check)


def test_an_exception_is_a_finding_with_its_input() -> None:
    def check(payload: bytes, _: Random) -> list[str]:
        assert payload == b"seed"
        return []

    outcome = run_target(_target(check), seed=1, seconds=5)
    assert "AssertionError" in outcome.finding
    assert outcome.payload != b"seed"


def test_a_hang_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(campaign, "CPU_S_MAX", 0.05)

    def check(_payload: bytes, _: Random) -> list[str]:
        while True:
            pass

    assert "HangError" in run_target(_target(check), seed=1, seconds=5).finding


def test_memory_that_grows_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(campaign, "SAMPLE_S", 0.02)
    sizes = itertools.count(100_000_000, 30_000_000)
    monkeypatch.setattr(campaign, "rss_bytes", lambda: next(sizes))
    outcome = run_target(_target(lambda _payload, _rng: []), seed=1, seconds=0.2)
    assert "memory grew by 30000000 bytes" in outcome.finding


def test_memory_that_is_kept_is_seen() -> None:
    # A process of its own: what other tests have freed would be taken again here.
    code = (
        "from tests.fuzz import campaign; before = campaign.rss_bytes(); kept = bytearray(b'x' * 50_000_000);"
        " assert campaign.rss_bytes() - before > 25_000_000"
    )
    root = Path(__file__).resolve().parents[2]
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60, cwd=root)


def test_the_same_seed_makes_the_same_inputs() -> None:
    target = TARGETS["senml_json"]
    made = [[target.mutator.mutate(target.seeds, rng) for _ in range(50)] for rng in (Random(5), Random(5))]
    assert made[0] == made[1]


def test_a_decoder_with_a_fault_loses_only_the_message_that_meets_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    selection = DecoderSelection(STATIONS, [DecoderRule("t", "packed", {}, {})])
    good = TARGETS["packed"].seeds[0]

    class Faulty:
        def decode(self, messages: list[RawMessage]) -> object:
            if any(message.payload == b"bad" for message in messages):
                raise RuntimeError("no")
            return decoder.decode(messages)

    decoder = selection._decoders[0]
    monkeypatch.setattr(selection, "_decoders", [Faulty()])
    decoded = selection.decode([RawMessage("t", good), RawMessage("t", b"bad"), RawMessage("t", good)])
    assert len(decoded.readings) == 2
    assert [(refusal.reason, refusal.payload) for refusal in decoded.refusals] == [("decoder_fault", b"bad")]
