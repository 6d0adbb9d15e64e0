"""The commands about transfer lists: who is still to go, and what is said of rows."""
