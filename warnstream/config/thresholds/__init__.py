"""thresholds.yaml and its tables -> rules of hazards."""
