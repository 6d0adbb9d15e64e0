"""Who may do what at our listener, and what a name may be."""

import pytest

from warnstream.adapters.mqtt.listener.access import Permissions, Users, user_line

CLOSED = Permissions(
    "ws", False, frozenset({"gateway"}), frozenset({"sim"}), ("site/+/senml", "ws/+/+/+/obs")
)


@pytest.mark.parametrize(
    ("user", "topic", "allowed"),
    [
        ("gateway", "site/a/senml", True),
        ("R0001", "site/a/senml", False),
        ("gateway", "ws/answer/gateway", True),
        ("gateway", "ws/answer/H1", False),
        ("R0001", "ws/county/rain/R0001/obs/backlog", True),
        ("R0001", "ws/county/rain/R0002/obs/backlog", False),
        ("gateway", "ws/county/rain/R0002/obs/backlog", True),
        ("sim", "anything/at/all", True),
        ("sim", "$SYS/broker", False),
        (None, "ws/county/rain/R0001/obs", False),
        ("+", "ws/county/rain/R0001/obs", False),
        ("#", "ws/county/rain/R0001/obs", False),
        ("a/b", "ws/county/rain/a/b/obs", False),
    ],
)
def test_a_name_opens_its_own_topics_and_a_wildcard_as_a_name_opens_none(
    user: str | None, topic: str, *, allowed: bool
) -> None:
    assert CLOSED.may_publish(user, topic) is allowed


def test_everybody_may_do_everything_where_nobody_is_asked() -> None:
    assert Permissions("ws", True, frozenset(), frozenset()).may_publish(None, "ws/clock")


@pytest.mark.parametrize("name", ["", "a:b", "a/b", "+", "#", "a\nb"])
def test_a_name_that_would_open_other_topics_is_no_name(name: str) -> None:
    with pytest.raises(ValueError, match="is no user name"):
        user_line(name, b"secret")


def test_a_password_that_was_right_once_is_known_quickly_and_another_is_not(tmp_path: object) -> None:
    from pathlib import Path

    path = Path(str(tmp_path)) / "users"
    path.write_text(user_line("R0001", b"secret") + "\n", encoding="utf-8")
    users = Users(path)
    assert not users.is_quick("R0001", b"secret")
    assert users.check("R0001", b"secret")
    assert users.is_quick("R0001", b"secret")
    assert not users.is_quick("R0001", b"other")
    assert not users.check("R0001", b"other")
    assert not users.check("nobody", b"secret")
