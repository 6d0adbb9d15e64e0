"""Rescue teams: called at red, asked when they arrive, rung until they answer."""
