"""Data sets that others publish: what is known of their files, and what reads these."""
