"""The version, for whoever needs to say it."""

__version__ = "0.1.0"
