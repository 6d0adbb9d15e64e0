"""`warnstream print`: cards and lists on paper, for when the network is gone."""
