"""The lobby guide screen: who is called to which window, how long others wait; it follows the branch's queue."""
