"""One module per evaluator: its section of thresholds.yaml, what is checked of it, its table as arrays."""
