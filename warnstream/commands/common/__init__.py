"""Options that commands of several folders take."""
