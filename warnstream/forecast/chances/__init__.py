"""How probable rain of the next hours is, from gauges and a table that was fitted on an archive."""
