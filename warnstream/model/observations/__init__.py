"""What gauges and people report: readings, decoders, refusals, quality of stations, days of rain, signs."""
