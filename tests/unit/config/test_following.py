from dataclasses import replace

from tests.unit.adapters.county import network
from warnstream.config.channels.apprise import AppriseChannelSection
from warnstream.config.channels.following import after_of, faults_of_addresses, faults_of_next, next_of
from warnstream.config.channels.section import ChannelSection
from warnstream.config.channels.voice import CALL_S, VoiceChannelSection
from warnstream.config.channels.webhook import WebhookChannelSection

SMS = WebhookChannelSection.model_validate(
    {
        "kind": "webhook",
        "url": "http://127.0.0.1:1/sms",
        "next": {"channel": "voice", "after": "20min", "source": "a plan"},
    }
)
VOICE = VoiceChannelSection.model_construct(kind="voice", calls_max=330)
CHANNELS: dict[str, ChannelSection] = {"sms": SMS, "voice": VOICE}


def test_a_channel_names_the_next_one_and_when_it_has_its_turn() -> None:
    assert (next_of(CHANNELS), after_of(CHANNELS)) == ({"sms": "voice"}, {"sms": 1_200})
    assert list(faults_of_next(CHANNELS)) == []


def test_no_household_goes_on_to_a_channel_that_is_for_posts_alone() -> None:
    group = AppriseChannelSection.model_construct(kind="apprise")
    assert list(faults_of_next({"sms": SMS, "voice": group})) == [
        ("sms", "channel 'voice' has no receipts and takes no answers: it is for posts alone")
    ]


def test_the_next_channel_can_use_the_addresses_of_the_first_one() -> None:
    households = network((2, 0)).households
    assert list(faults_of_addresses(CHANNELS, households)) == []
    named = replace(households, address=("13800000", "door 7"))
    ((channel, fault),) = faults_of_addresses(CHANNELS, named)
    assert channel == "sms"
    assert fault.startswith("channel 'voice' cannot use the address of 1 households, V1-H1 first: expected a")
    assert "door 7" not in fault


def test_calls_at_once_say_how_many_a_second_before_any_was_made() -> None:
    assert VOICE.expected_per_s == 330 / CALL_S
    assert VoiceChannelSection.model_construct(calls_max=330, rate_per_s=2.0).expected_per_s == 2.0
    assert SMS.expected_per_s is None
