"""Files that keep what was acknowledged: whole, synced, locked, in SQLite or not."""
