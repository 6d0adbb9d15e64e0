"""CSV tables of CONFIG_DIR: stations, villages, zones, households, the chain, past days of rain."""
