"""Words of sheets in both languages."""
