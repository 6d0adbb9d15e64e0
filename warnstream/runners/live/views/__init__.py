"""What people see of a node: its state as JSON values, metrics, and log lines where something changed."""
