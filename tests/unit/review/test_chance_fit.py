"""What is said too boldly is bent; what cannot carry a table is refused."""

import numpy as np
import pytest

from warnstream.forecast.chances.table import KNOTS
from warnstream.review.chance_fit import (
    Decile,
    GaugeArchive,
    _check_deciles,
    bent_line,
    fit_chances,
)


def test_what_is_said_too_boldly_is_bent_to_what_comes() -> None:
    random = np.random.default_rng(3)
    bold = random.normal(0.0, 3.0, 200_000)
    came = random.uniform(size=len(bold)) < 1 / (1 + np.exp(-bold / 2))
    bent = bent_line(bold, came)
    assert bent[2:7] == pytest.approx(np.array(KNOTS)[2:7] / 2, abs=0.1)
    assert (np.diff(bent) > 0).all()


def test_too_little_is_refused_with_what_is_missing() -> None:
    dry = GaugeArchive(np.zeros((500, 2)), 0, np.zeros((2, 2)))
    with pytest.raises(ValueError, match="no hour of 2 mm"):
        fit_chances(dry)
    one_storm = np.zeros((500, 2))
    one_storm[100:140] = 3.0
    with pytest.raises(ValueError, match="1 storms: expected at least 20"):
        fit_chances(GaugeArchive(one_storm, 0, np.zeros((2, 2))))


def test_a_table_that_storms_left_out_contradict_is_refused() -> None:
    _check_deciles([Decile(60, 499, 0.9, 0.1), Decile(60, 5000, 0.42, 0.5)])
    with pytest.raises(ValueError, match=r"within 60 min 0\.90 was said of 500 cases"):
        _check_deciles([Decile(60, 500, 0.9, 0.1)])
