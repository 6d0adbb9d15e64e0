import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from warnstream.config.channels.smtp import SmtpChannelSection

WRITTEN = {"kind": "smtp", "host": "mail.county.example", "sender": "node@county.example"}


@pytest.mark.parametrize(
    "address", ["a@b", "duty@county.example", "first.last+drill@x-1.y", "o'neil@county.example"]
)
def test_a_mailbox_is_an_address(address: str) -> None:
    assert SmtpChannelSection.is_address(address)


@pytest.mark.parametrize(
    "address",
    ["", "duty", "@county.example", "duty@", "a b@c", "a@b c", "a@b\r\nBcc: x@y", "a@b>", "<a@b>", "a@-b",
     "a..b@c", ".a@b", "村@county.example", "a@b,c@d", "a@[127.0.0.1]", "x" * 300 + "@b", "a@b\n"],
)  # fmt: skip
def test_what_is_no_mailbox_is_none(address: str) -> None:
    assert not SmtpChannelSection.is_address(address)


@given(st.text())
def test_no_address_breaks_out_of_a_command_or_header(text: str) -> None:
    if SmtpChannelSection.is_address(text):
        assert text.isascii()
        assert text.isprintable()
        assert not set(text) & set(' <>,;:"\\()[]')


@pytest.mark.parametrize(
    ("keys", "complaint"),
    [
        ({"sender": "node"}, "a mail address"),
        ({"username": "node"}, "together"),
        ({"password_file": "p"}, "together"),
        ({"username": "n", "password_file": "p", "security": "none"}, "in the open"),
    ],
)
def test_keys_that_disagree_are_named(keys: dict[str, str], complaint: str) -> None:
    with pytest.raises(ValidationError) as caught:
        SmtpChannelSection.model_validate(WRITTEN | keys)
    assert complaint in str(caught.value.errors()[0]["ctx"]["faults"])


def test_tls_is_demanded_unless_said_otherwise() -> None:
    section = SmtpChannelSection.model_validate(WRITTEN)
    assert (section.security, section.port) == ("starttls", 587)
