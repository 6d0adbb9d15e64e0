import pytest

from warnstream.config.faults import FAULTS_PER_FILE_MAX, FaultLog, unknown
from warnstream.model.errors import ConfigError


def test_a_word_among_few_is_told_all_of_them() -> None:
    assert unknown("level", "purple", ["red", "blue"]) == "unknown level 'purple'. Known here: blue, red"


def test_a_word_among_many_is_told_the_nearest_only() -> None:
    villages = ["East", *(f"3311{number:03d}" for number in range(300))]
    assert unknown("village", "Eats", villages) == "unknown village 'Eats': did you mean 'East'?"
    assert unknown("village", "elsewhere", villages) == "unknown village 'elsewhere'"


def test_a_word_where_there_is_none_is_told_so() -> None:
    assert unknown("channel", "sms", []) == "unknown channel 'sms': there is none"


def test_a_log_without_faults_refuses_nothing() -> None:
    FaultLog().raise_if_any()


def test_unknown_words_beyond_the_limit_are_counted_too() -> None:
    log = FaultLog()
    for line in range(FAULTS_PER_FILE_MAX + 5):
        log.add_unknown("a.csv", line + 1, "village", "x", ["y"])
    with pytest.raises(ConfigError) as caught:
        log.raise_if_any()
    assert len(log) == FAULTS_PER_FILE_MAX + 5
    assert (
        str(caught.value.faults[0]) == f"a.csv: {len(log)} faults, of which {FAULTS_PER_FILE_MAX} are shown"
    )
    assert len(caught.value.faults) == FAULTS_PER_FILE_MAX + 1
