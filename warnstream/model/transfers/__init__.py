"""Moving people out and bringing them back: who must be safe, where to, and what is said of each."""
