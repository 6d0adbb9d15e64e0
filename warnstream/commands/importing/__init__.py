"""One table of an office into a folder that is there."""
