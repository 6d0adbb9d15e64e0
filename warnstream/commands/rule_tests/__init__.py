"""The command ``warnstream test``."""
