"""``warnstream review``: which link of the chain was slow, who was not reached, what silence hid."""
