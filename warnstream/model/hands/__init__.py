"""Hands on warnings: orders of people, what they bind, who may give them, and what waits for a release."""
