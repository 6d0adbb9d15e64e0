"""The outbox: who is to be notified, on SQLite."""
