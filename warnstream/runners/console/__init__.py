"""What a node shows its consoles: a frame a second, facts of one village, and the console as its child."""
