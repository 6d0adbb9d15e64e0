"""Sections of warnstream.yaml that say how bytes of others become readings: decoders, files of loggers."""
