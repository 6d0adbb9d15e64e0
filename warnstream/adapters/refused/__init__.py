"""Readings that were refused, kept for the operator, and taking them again."""
