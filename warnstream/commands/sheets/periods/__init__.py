"""What a month or a quarter was: rain, warnings, gauges, judgement, risks, drills."""
