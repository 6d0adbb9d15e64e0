"""A drill in a running node: a thread of its own beside the real loop."""
