"""Unit tests of what rings the officer."""
