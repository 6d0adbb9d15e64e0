"""The simulated county: places, people, files of a CONFIG_DIR."""
