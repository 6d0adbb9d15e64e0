"""Rows of readings archives: their form, and how they are read piece by piece."""
