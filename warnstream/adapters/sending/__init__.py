"""Notifications on their way: the sender of each channel, answer tokens, what a channel is handed."""
