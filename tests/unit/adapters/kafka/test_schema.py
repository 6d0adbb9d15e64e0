"""Records say which form they have; a reader that does not know it stops."""

import pytest

from warnstream.adapters.kafka.schema import (
    SchemaError,
    Topics,
    header_number,
    headers_of,
    kind_of,
)


def test_a_record_says_its_version_its_kind_and_what_else_there_is() -> None:
    headers = headers_of("change", of=7, node="county")
    assert headers == [("v", b"1"), ("kind", b"change"), ("of", b"7"), ("node", b"county")]
    assert kind_of(headers, "it") == "change"
    assert header_number(headers, "of", "it") == 7


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        ([], "entry 5 has no header v: it was not written by warnstream"),
        ([("v", b"x"), ("kind", b"tick")], "has no header v"),
        ([("v", b"2"), ("kind", b"tick")], "has version 2, this software reads up to 1: update it"),
        ([("v", b"1")], "has no header kind"),
    ],
)
def test_another_form_is_refused_with_words(headers: list[tuple[str, bytes]], words: str) -> None:
    with pytest.raises(SchemaError, match=words):
        kind_of(headers, "entry 5")


def test_a_number_that_is_none_is_refused() -> None:
    with pytest.raises(SchemaError, match="no number in header of"):
        header_number(headers_of("change", of="x"), "of", "it")


def test_topics_have_a_version_and_all_but_one_copy_must_have_a_record() -> None:
    settings = Topics("north").settings(copies=3)
    assert list(settings) == [
        "north.entries.v1",
        "north.events.v1",
        "north.dlq.v1",
        "north.cuts.v1",
        "north.state.v1",
    ]
    assert {how["min.insync.replicas"] for how in settings.values()} == {"2"}
    assert Topics("n").settings(1)["n.state.v1"]["cleanup.policy"] == "compact"
    assert Topics("n").settings(1)["n.entries.v1"]["min.insync.replicas"] == "1"
