"""Files of weather models: reading, cells, whole runs."""
