"""Stage 9 of 9: one notification per recipient, its texts, its CAP document, and when to send it again."""
