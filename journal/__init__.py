"""The electronic journal: append-only, hash-chained, on disk before anything leaves the terminal."""
