"""Levels before their thresholds are reached: by a share of them."""
