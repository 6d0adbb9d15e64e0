"""The first machine: readings and time in, changes of village levels out (stages 1-6).

In the order of a step:

1. `stations`   what the stations said: checked, counted, kept (stages ingest, quality, windows)
2. `villages`   what that means for villages (stages forecast, villages)
3. `judgement`  which level each hazard has reached, and why (stage hazards, and how levels fall)

`machine` puts the three in order; `explanation` tells what decided on one village.
"""

from warnstream.assessment.explanation import VillageView
from warnstream.assessment.machine import Assessment, AssessmentStep
from warnstream.assessment.villages import Weights

__all__ = ["Assessment", "AssessmentStep", "VillageView", "Weights"]
