"""Carrying studies out: where runs are trained, and what becomes known of them."""
