"""The audit follows the journal: which entries are facts of it, and the thread that writes them."""
