"""The branch queue's log in a bank's PostgreSQL; needs the packages of the extra `headquarters`."""
