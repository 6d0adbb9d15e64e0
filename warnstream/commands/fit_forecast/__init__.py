"""The command ``warnstream fit-forecast``: probabilities of rain from the county's own archive."""
