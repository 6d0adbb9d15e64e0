"""What gauges report: readings, decoders, refusals, quality of stations, grids, days of rain, signs."""
