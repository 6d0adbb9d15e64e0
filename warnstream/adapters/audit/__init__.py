"""The audit: what was issued, ordered and changed, in hash-chained files that are kept for years."""
