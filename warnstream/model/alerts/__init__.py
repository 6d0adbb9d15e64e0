"""Warnings of other services: what they say, and what of them is relayed."""
