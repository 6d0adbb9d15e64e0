"""Snapshots of a running node: copied in its loop, written beside it."""
