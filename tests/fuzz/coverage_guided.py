"""Inputs chosen by coverage: the same targets under atheris (libFuzzer).

atheris ends the process itself, so what was seen is written while it runs.
"""

import time
from collections.abc import Callable
from pathlib import Path
from random import Random

from tests.fuzz.campaign import SAMPLE_S, Outcome, Watched, rss_bytes
from tests.fuzz.mutate import INPUT_BYTES_MAX
from tests.fuzz.targets import Target

SHARE_OF_OWN = 0.3
"""Inputs that our structure-aware mutation makes of what libFuzzer found."""


def run_under_atheris(
    target: Target,
    *,
    seed: int,
    seconds: float,
    corpus: Path,
    note: Callable[[int, bytes], None],
    tell: Callable[[Outcome], None],
) -> None:
    """Fuzz one target; never returns. `tell` gets the outcome now and then, and at a finding."""
    import atheris

    corpus.mkdir(parents=True, exist_ok=True)
    for number, payload in enumerate(target.seeds):
        (corpus / f"seed-{number}").write_bytes(payload)
    outcome = Outcome(target.name, seed)
    watched, rng = Watched(target, outcome), Random(seed)
    begin = time.monotonic()
    outcome.rss_begin, told_at = rss_bytes(), begin

    def one_input(payload: bytes) -> None:
        nonlocal told_at
        note(outcome.inputs, payload)
        words = watched.run(payload, rng)
        now = time.monotonic()
        outcome.seconds = now - begin
        if words is None or now - told_at >= SAMPLE_S:
            told_at = now
            outcome.rss_end = rss_bytes()
            if not outcome.rss_warm and outcome.seconds > seconds / 4:
                outcome.rss_warm = outcome.rss_end
            tell(outcome)
        if words is None:
            raise AssertionError(outcome.finding)

    def own_mutation(payload: bytes, max_size: int, mutation_seed: int) -> bytes:
        own = Random(mutation_seed)
        if own.random() < SHARE_OF_OWN:
            return target.mutator.mutate([payload, *target.seeds], own)[:max_size]
        return bytes(atheris.Mutate(payload, max_size))

    atheris.instrument_all()
    arguments = [
        target.name,
        str(corpus),
        f"-max_total_time={int(seconds)}",
        f"-seed={seed % 2**31 or 1}",
        f"-max_len={INPUT_BYTES_MAX}",
        "-print_final_stats=0",
        "-verbosity=0",
        f"-artifact_prefix={corpus.parent}/",
    ]
    atheris.Setup(arguments, one_input, custom_mutator=own_mutation)
    atheris.Fuzz()
