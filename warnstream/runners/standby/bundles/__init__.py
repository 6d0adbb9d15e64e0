"""Configurations of two boxes: what the log is under, and how a bundle comes to the other box."""
