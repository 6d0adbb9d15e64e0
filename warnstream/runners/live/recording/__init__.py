"""What was issued, from the log into the outbox, a part at a time: the loop stands still for none of it."""
