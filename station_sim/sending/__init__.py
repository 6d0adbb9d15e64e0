"""Playing a scenario, an archive or a load into a broker, a listener or files."""
