"""Stage 8 of 9: whom a warning concerns, who must answer, and who is called when nobody does."""
