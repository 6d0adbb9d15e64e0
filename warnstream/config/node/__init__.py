"""Sections of warnstream.yaml."""
