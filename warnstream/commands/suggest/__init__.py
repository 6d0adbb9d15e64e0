"""``warnstream suggest``: which threshold keeps a wish, how sure that is, and what it would have missed."""
