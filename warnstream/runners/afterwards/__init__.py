"""After an event: what a node's journal and outbox recorded, put together for `warnstream review`."""
