"""The SQLite store: what the vendors last confirmed, the journal, the runs and the lock."""
