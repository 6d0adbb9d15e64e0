"""``warnstream doctor``: what a machine lacks for running a node, from its clock to the broker."""
