import pytest
from pydantic import ValidationError

from warnstream.config.channels.voice import VoiceChannelSection

WRITTEN = {
    "kind": "voice",
    "url": "https://gateway.example",
    "account": "AC1",
    "token_file": "t",
    "caller": "+8657",
}


@pytest.mark.parametrize(
    ("keys", "key"),
    [
        ({"caller": "office"}, "caller"),
        ({"account": "AC1/../AC2"}, "account"),
        ({"speech": 'zh-CN" loop="9'}, "speech"),
        ({"ring": "60s"}, "ring"),
    ],
)
def test_what_does_not_fit_is_named(keys: dict[str, str], key: str) -> None:
    with pytest.raises(ValidationError) as caught:
        VoiceChannelSection.model_validate(WRITTEN | keys)
    assert caught.value.errors()[0]["ctx"]["faults"][0][0] == key


def test_a_call_has_time_to_ring_and_to_be_heard() -> None:
    section = VoiceChannelSection.model_validate(WRITTEN)
    assert (section.ring_s, section.timeout_s, section.calls_max) == (25, 55, 10)
    assert section.files() == {"token_file": "t"}
    assert section.sends_links
