"""Stage 7 of 9: when a level rises, holds and falls, and what becomes of the warning it opened."""
