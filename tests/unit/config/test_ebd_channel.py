"""Keys of loudspeakers, and what they may not be."""

import pytest
from pydantic import ValidationError

from warnstream.config.channels.ebd import EbdChannelSection

GOOD = {
    "kind": "ebd",
    "url": "http://ebd.county.example/post",
    "source": "010333112400000001",
    "destination": "010233110000000001",
    "sender_name": "防指",
    "sender_code": "33112400000",
}


def test_an_address_is_the_area_code_of_a_village() -> None:
    assert EbdChannelSection.is_address("331124001001")
    for wrong in ("33112400100", "331124001001,331124001002", "", "33112400100a", "３３１１２４００１００１"):
        assert not EbdChannelSection.is_address(wrong)


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"source": "12"}, "18 digits"),
        ({"destination": "x" * 18}, "18 digits"),
        ({"states": {"played": ["1"]}}, "1 stands twice"),
    ],
)
def test_what_contradicts_itself_is_refused(keys: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError) as error:
        EbdChannelSection.model_validate(GOOD | keys)
    assert said in str(error.value.errors())


def test_the_program_that_signs_must_exist() -> None:
    section = EbdChannelSection.model_validate(GOOD | {"signature": {"program": "sign"}})
    assert section.files() == {"signature.program": "sign"}
