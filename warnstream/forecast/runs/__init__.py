"""Rain to come from runs of weather models."""
