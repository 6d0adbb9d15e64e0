"""Transfer lists: who is to be moved, who has moved, and when people may come back."""
