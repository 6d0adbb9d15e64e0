import io
import json
import logging
from collections.abc import Iterator

import pytest

from warnstream.adapters.log import configure_logging, hide_private

ADDRESSES = {"13800000001", "door-7", "li@village.example"}


@pytest.fixture(autouse=True)
def root_logger_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def lines_of(*, as_json: bool, addresses: set[str] = ADDRESSES) -> io.StringIO:
    stream = io.StringIO()
    configure_logging(as_json=as_json, stream=stream, addresses=addresses)
    return stream


@pytest.mark.parametrize(
    "text",
    [
        "sent to 13800000001.",
        "topic ws/device/door-7 refused",
        "address='13800000001'",
        "mailto:li@village.example",
        "li@village.example",
        "to (door-7)",
    ],
)
def test_an_address_is_hidden_wherever_it_stands(text: str) -> None:
    hidden = hide_private(text, ADDRESSES)
    assert not any(address in hidden for address in ADDRESSES)


def test_a_number_that_only_looks_like_an_address_stays() -> None:
    assert hide_private("village 431129000001 sequence 13800000002", ADDRESSES).endswith("13800000002")


def test_an_answer_link_is_hidden() -> None:
    assert hide_private("GET /a/AAAAAAAAAAAAAAAAAAAAAAAA 200", ()) == "GET /a/(hidden) 200"


@pytest.mark.parametrize("as_json", [True, False])
def test_an_address_in_a_traceback_is_hidden(as_json: bool) -> None:
    stream = lines_of(as_json=as_json)
    try:
        int("no route to\n13800000001")
    except ValueError:
        logging.getLogger("x").exception("failed")
    assert "no route to" in stream.getvalue()
    assert "13800000001" not in stream.getvalue()


@pytest.mark.parametrize("field", ["address", "phone", "token", "password"])
def test_a_private_field_is_hidden_by_its_name(field: str) -> None:
    stream = lines_of(as_json=False, addresses=set())
    logging.getLogger("x").info("sent", extra={field: "13777"})
    assert "13777" not in stream.getvalue()


def test_a_number_given_as_a_field_is_hidden_if_it_is_an_address() -> None:
    stream = lines_of(as_json=True)
    logging.getLogger("x").info("sent", extra={"to": 13800000001})
    assert json.loads(stream.getvalue())["to"] == "(hidden)"


def test_one_event_is_one_line_even_with_line_ends_in_it() -> None:
    stream = lines_of(as_json=False)
    logging.getLogger("x").warning("first\nsecond", extra={"note": "a\nb"})
    assert stream.getvalue().count("\n") == 1


def test_a_plain_line_has_key_value_pairs() -> None:
    stream = lines_of(as_json=False)
    logging.getLogger("warnstream.x").info("snapshot saved", extra={"sequence": 7, "error": "disk full"})
    line = stream.getvalue()
    assert 'level=info logger=warnstream.x event="snapshot saved" sequence=7 error="disk full"' in line


def test_a_json_line_keeps_numbers_as_numbers() -> None:
    stream = lines_of(as_json=True)
    logging.getLogger("warnstream.x").info("snapshot saved", extra={"sequence": 7})
    event = json.loads(stream.getvalue())
    assert (event["event"], event["sequence"], event["level"]) == ("snapshot saved", 7, "info")


def test_libraries_do_not_tell_every_request() -> None:
    stream = lines_of(as_json=False)
    logging.getLogger("httpx").info("HTTP Request: POST http://gateway/")
    assert not stream.getvalue()


def test_configuring_twice_does_not_double_the_lines() -> None:
    lines_of(as_json=False)
    stream = lines_of(as_json=False)
    logging.getLogger("x").info("once")
    assert stream.getvalue().count("once") == 1


@pytest.mark.parametrize("as_json", [False, True])
@pytest.mark.parametrize(
    "hostile",
    [
        "\x1b[2J",
        "\x07",
        "\x7f",
        "\x9b31m",
        "\u202egnp.exe",
        "\u2066x",
        "\u200b",
        "\u2028",
        "\U000e0041",
        "\ud800",
    ],
    ids=ascii,
)
def test_nothing_that_a_terminal_obeys_is_written(hostile: str, as_json: bool) -> None:
    stream = lines_of(as_json=as_json)
    logging.getLogger("x").warning("refused %s", hostile, extra={"client": f"a{hostile}b", "user": hostile})
    line = stream.getvalue()
    assert line.removesuffix("\n").isprintable()
    line.encode()
    if as_json and hostile != "\ud800":
        assert json.loads(line)["user"] == hostile


def test_names_in_chinese_stay_as_they_are() -> None:
    stream = lines_of(as_json=False)
    logging.getLogger("x").warning("客户端被拒绝", extra={"village": "山前村"})
    assert "客户端被拒绝" in stream.getvalue()
    assert "village=山前村" in stream.getvalue()


def test_a_field_never_takes_the_place_of_the_line_s_own_level() -> None:
    stream = lines_of(as_json=True)
    logging.getLogger("x").warning("order taken", extra={"level": "red", "event": "flood"})
    line = json.loads(stream.getvalue())
    assert (line["level"], line["event"]) == ("warning", "order taken")
    assert (line["level_"], line["event_"]) == ("red", "flood")
