"""Repeatable measurements. What counts is the ratio to the peer within one run, not the machine's milliseconds."""
