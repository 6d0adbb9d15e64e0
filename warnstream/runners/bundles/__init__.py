"""Configurations as bundles: what a node keeps of the one that it runs with, and how one is read again."""
