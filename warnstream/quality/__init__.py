"""Stage 2 of 9: what is doubtful is flagged; nothing is deleted."""
