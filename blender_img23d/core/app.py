"""Where operators, panels and the pump find the one owner object.

Blender creates operators and panels by itself, so nothing can be handed to them; this is the only module-level state of
the extension. `registration` sets it in register() and takes it away in unregister().
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from .jobs import Job
from .session import Session


class Pumping(Protocol):
    """What operators need of the pump."""

    def wake(self) -> None:
        """Look for news soon, since something was just submitted."""

    def run_to_end(self, job: Job) -> None:
        """Return when the job is over (background mode, where no timer fires)."""


@dataclass(kw_only=True)
class App:
    """What registration made: everything that lives as long as the extension is enabled."""

    session: Session
    pump: Pumping


_app: App | None = None


def install(app: App | None) -> None:
    """Called by registration only; None takes it away."""
    global _app
    _app = app


def current() -> App:
    """The owner object. Raises RuntimeError while the extension is not registered."""
    if _app is None:
        raise RuntimeError("Img23D is not registered")
    return _app


def installed() -> App | None:
    """The owner object or None, for `draw` and `poll`, which Blender may call during unregistration."""
    return _app
