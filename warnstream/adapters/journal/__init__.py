"""The journal: append-only segment files, snapshots, the lock of the data directory."""
