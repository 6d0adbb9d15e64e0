"""The commands of `warnstream`, one module each."""
