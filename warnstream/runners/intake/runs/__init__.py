"""Runs of weather models as journal entries."""
