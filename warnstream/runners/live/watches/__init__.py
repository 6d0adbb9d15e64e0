"""What a running node watches and raises alarms for: the chain of posts, orders by hand, grids."""
