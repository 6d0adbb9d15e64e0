import pytest
from pydantic import ValidationError

from warnstream.config.channels import apprise
from warnstream.config.channels.apprise import AppriseChannelSection


def test_without_the_extra_the_kind_is_a_fault_that_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(apprise, "find_spec", lambda _name: None)
    with pytest.raises(ValidationError) as caught:
        AppriseChannelSection.model_validate({"kind": "apprise", "url_file": "u"})
    ((key, sentence),) = caught.value.errors()[0]["ctx"]["faults"]
    assert key == "kind"
    assert "warnstream[apprise]" in sentence


@pytest.mark.parametrize("address", ["13857012345", "+86138", "room@county", "a.b_c-d"])
def test_what_can_stand_in_a_url_is_an_address(address: str) -> None:
    assert AppriseChannelSection.is_address(address)


@pytest.mark.parametrize("address", ["", "a/b", "a?b", "a b", "a#", "村", "%2f", "x" * 129, "a\n"])
def test_what_would_become_another_part_of_it_is_none(address: str) -> None:
    assert not AppriseChannelSection.is_address(address)
