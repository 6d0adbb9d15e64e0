"""Stage 6 of 9: what the stations say, said for villages."""
