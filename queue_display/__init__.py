"""The branch queue: tickets, the order of calls, wait estimates and the simulation of both."""
