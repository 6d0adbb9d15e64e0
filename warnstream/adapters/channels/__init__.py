"""Ways to reach people: one module per kind, all behind `channel.Channel`."""
