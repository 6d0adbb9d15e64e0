"""Conditions of rules of the operator's own: worked out for all places at once, and what their terms read."""
