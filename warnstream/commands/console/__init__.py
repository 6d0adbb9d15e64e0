"""`warnstream console` and `warnstream console-user`."""
