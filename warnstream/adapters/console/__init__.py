"""What passes between a node and its consoles over a Unix socket: the layout, and the node's end of it."""
