"""How a screen hears a branch's queue: what the events say, whether one is missing, when it is silent.

The lobby's board and a kiosk's core both hear by it. It moves no bytes: the board reads by Qt in the loop that draws,
the core by httpx in a thread, and neither could use the other's way.
"""
