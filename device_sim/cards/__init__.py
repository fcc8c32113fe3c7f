"""The cards of the simulator: what they keep, what they answer, and the store of card kinds."""
