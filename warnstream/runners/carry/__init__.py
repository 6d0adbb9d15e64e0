"""State of one configuration, taken up by another: everything that both know is kept, to the bit."""
