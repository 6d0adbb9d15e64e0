"""Drills beside the real desk: their orders, their own log and what follows from it, their scores."""
