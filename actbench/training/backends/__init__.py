"""What computes: one module a backend."""
