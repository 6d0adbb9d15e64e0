"""Reads warnings of other services: CAP 1.1 and 1.2, alone or in feeds, and the national message of China."""
