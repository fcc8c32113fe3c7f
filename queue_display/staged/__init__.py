"""A day of the branch with simulated customers and tellers, who act in the queue that runs."""
