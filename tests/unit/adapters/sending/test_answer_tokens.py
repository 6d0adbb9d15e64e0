from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warnstream.adapters.sending.answer_tokens import FILE, Tokens, keep_secret, load_or_create_secret
from warnstream.model.errors import StoreError

TOKENS = Tokens(bytes(range(32)))


def test_a_token_names_its_row_and_proves_message_and_recipient() -> None:
    token = TOKENS.issue(7, "ws.V1.1", "H1")
    assert TOKENS.number_in(token) == 7
    assert TOKENS.proves(token, "ws.V1.1", "H1")


def test_a_token_is_24_url_safe_characters() -> None:
    token = TOKENS.issue((1 << 48) - 1, "ws.V1.1", "H1")
    assert len(token) == 24
    assert set(token) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


@pytest.mark.parametrize(("message", "recipient"), [("ws.V1.2", "H1"), ("ws.V1.1", "H2"), ("ws.V1.1H", "1")])
def test_a_token_of_one_recipient_does_not_serve_another(message: str, recipient: str) -> None:
    token = TOKENS.issue(7, "ws.V1.1", "H1")
    assert not TOKENS.proves(token, message, recipient)


def test_another_node_s_token_proves_nothing() -> None:
    token = Tokens(bytes(32)).issue(7, "ws.V1.1", "H1")
    assert not TOKENS.proves(token, "ws.V1.1", "H1")


@given(st.integers(6, 17), st.integers(0, 7))
def test_any_flipped_bit_of_the_proof_is_seen(byte: int, bit: int) -> None:
    import base64

    raw = bytearray(base64.urlsafe_b64decode(TOKENS.issue(7, "ws.V1.1", "H1")))
    raw[byte] ^= 1 << bit
    assert not TOKENS.proves(base64.urlsafe_b64encode(raw).decode(), "ws.V1.1", "H1")


@given(st.text())
def test_what_is_no_token_names_no_row_or_proves_nothing(text: str) -> None:
    assert TOKENS.number_in(text) is None or not TOKENS.proves(text, "ws.V1.1", "H1")


def test_a_short_secret_is_refused() -> None:
    with pytest.raises(ValueError, match="expected at least 32"):
        Tokens(b"short")


def test_a_number_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="does not fit"):
        TOKENS.issue(1 << 48, "ws.V1.1", "H1")


def test_the_secret_of_another_box_is_gone_by_from_then_on(tmp_path: Path) -> None:
    own = load_or_create_secret(tmp_path)
    theirs = bytes(range(32))
    assert keep_secret(tmp_path, theirs)
    assert load_or_create_secret(tmp_path) == theirs != own
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600
    assert not keep_secret(tmp_path, theirs), "it is the same one"
    with pytest.raises(ValueError, match="expected 32"):
        keep_secret(tmp_path, b"short")
    assert load_or_create_secret(tmp_path) == theirs


def test_a_secret_that_cannot_be_kept_is_said(tmp_path: Path) -> None:
    (tmp_path / "answer_token.new").mkdir()
    with pytest.raises(StoreError, match=r"answer_token\.key"):
        keep_secret(tmp_path, bytes(32))
