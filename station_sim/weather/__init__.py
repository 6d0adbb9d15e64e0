"""Weather on a 1 km field: cells, climate, radar and model products."""
