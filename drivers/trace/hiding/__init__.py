"""What is secret in the bytes of each protocol family: one module, and one masker, a family."""
