"""What is seen now gives way to what a model says: each member at its own time.

Member k follows the radar (or the gauges) until T_k, then the model. P(T > t) = exp(-(t / 90 min)^2): after
half an hour nine in ten still follow what was seen, after three hours one in fifty. The curve is a judgement,
not fitted on any record; an archive of runs and fields would say better.
"""

from dataclasses import replace

import numpy as np

from warnstream.forecast.radar.members import N_MEMBERS
from warnstream.model.arrays import Float32Array, Float64Array
from warnstream.model.forecast import RainMembers

HAND_OVER_S = 90 * 60
AND_MODEL = " and model"
_TURN = 0.8556546004010439
"""The fraction of the root of 47: evenly spread, and going least with any of `differences` (|r| < .07)."""


def hand_over_s(n_members: int = N_MEMBERS) -> Float64Array:
    """When each member goes over to the model, seconds from now, shape (n_members,); the same every cycle."""
    turns = (0.5 + np.arange(1, n_members + 1) * _TURN) % 1.0
    share = (np.argsort(np.argsort(turns)) + 0.5) / n_members
    return np.asarray(HAND_OVER_S * np.sqrt(-np.log(share)))


def followed(n_members: int, n_steps: int, step_s: int) -> Float32Array:
    """Which part of each step a member still follows what was seen, shape (n_members, n_steps)."""
    begins_s = step_s * np.arange(n_steps)
    return np.clip((hand_over_s(n_members)[:, None] - begins_s) / step_s, 0, 1).astype(np.float32)


def blended(near: RainMembers, model: RainMembers) -> RainMembers:
    """Members that begin as `near` and end as `model`, of the same steps.

    Where the model says nothing they stay as they are, and where nothing is seen nothing becomes known: what
    a model alone says of the next hours is no nowcast.
    """
    n_members, n_steps = near.rain_mm.shape[:2]
    follows = followed(n_members, n_steps, near.step_s)[:, :, None]
    seen = np.diff(near.rain_mm, axis=1, prepend=np.float32(0))
    said = np.diff(model.rain_mm[: len(seen)], axis=1, prepend=np.float32(0))
    mixed = np.cumsum(np.where(follows == 1, seen, follows * seen + (1 - follows) * said), axis=1)
    unknown = np.isnan(said).any(axis=(0, 1))
    if unknown.all():
        return near
    mixed[:, :, unknown] = near.rain_mm[:, :, unknown]
    return replace(
        near,
        rain_mm=mixed.astype(np.float32),
        source=near.source + AND_MODEL,
        calibrated_on="",
        model=model.model,
        run_s=model.run_s,
    )
