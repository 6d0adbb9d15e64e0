"""Orders by hand: from what a person says to an entry of the log, and what they have led to."""
