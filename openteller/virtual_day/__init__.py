"""A day of a busy terminal on a virtual clock: real drivers, simulated devices, customers and misfortune by a seed."""
