"""The branch queue over HTTP: acts and views as REST, the log as server-sent events."""
