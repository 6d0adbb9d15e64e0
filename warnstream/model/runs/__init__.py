"""Runs of weather models."""
