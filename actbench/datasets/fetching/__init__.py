"""Published data on this machine: found, or fetched from a mirror, proved to be what was published, and kept."""
