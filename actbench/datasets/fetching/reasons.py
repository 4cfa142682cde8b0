"""Why a mirror did not bring a file."""

from __future__ import annotations

LONGEST = 200


class _ReasonError(Exception):
    """What a server says may be long, and hold anything."""

    def __str__(self) -> str:
        text = " ".join(super().__str__().split())
        return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


class UselessError(_ReasonError):
    """The mirror will not bring the file."""


class BrokenError(_ReasonError):
    """This attempt is over; another one may go better."""


class SlowError(Exception):
    """The mirror brings less than the floor, and another one may bring more."""

    def __init__(self, speed: float) -> None:
        super().__init__(f"slow, {speed / 1000:.3g} kB/s")
        self.speed = speed
