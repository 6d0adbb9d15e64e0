"""The section ``paper:``: what printed cards say that nothing else knows."""

from typing import Annotated

from warnstream.config.yaml import value_types
from warnstream.config.yaml.sections import Section, default, part
from warnstream.model.bulletins import PaperPolicy, Wording


class ReadySignalSection(Section):
    """The county's signal without power: be ready."""

    zh: Annotated[str, value_types.text()] = default(
        "慢敲锣、慢吹哨", description="How a village is told to be ready without power."
    )
    en: Annotated[str, value_types.text()] = default(
        "slow gong or whistle", description="The same in English."
    )


class LeaveSignalSection(Section):
    """The county's signal without power: go."""

    zh: Annotated[str, value_types.text()] = default(
        "急敲锣、急吹哨", description="How a village is told to leave without power."
    )
    en: Annotated[str, value_types.text()] = default(
        "quick gong or whistle", description="The same in English."
    )


class PaperSection(Section):
    """What is printed for when the network is gone."""

    ready_signal: ReadySignalSection = part(ReadySignalSection, "The signal to be ready.")
    leave_signal: LeaveSignalSection = part(LeaveSignalSection, "The signal to leave.")
    source: Annotated[str, value_types.text()] = default(
        "village practice as reported, to be signed by the county", description="Who has agreed the signals."
    )

    def policy(self) -> PaperPolicy:
        """The section as printing takes it."""
        ready = Wording(self.ready_signal.zh, self.ready_signal.en)
        return PaperPolicy(ready, Wording(self.leave_signal.zh, self.leave_signal.en), self.source)
