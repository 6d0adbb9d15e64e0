"""Who was told what, and what they answered: 12 bytes a door, counts by village, who is next on a channel.

`Ledger` is the truth and follows from the log alone (bulletins issued, outcomes, answers). `DoorQueue` is
what a running process knows beside it: in whose hands a door is now, when it may be tried again.
"""
