"""``warnstream doctor``: what this machine lacks for running a node."""
