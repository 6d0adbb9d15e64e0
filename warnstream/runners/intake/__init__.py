"""Journal entries into the engine: the one path of live, restart and replay."""
