"""Where operators, panels and the pump find the one owner object.

Blender creates operators and panels by itself, so nothing can be handed to them; this is the only module-level state of
the extension. `registration` says in register() how the owner object is made and takes it away in unregister(). It is
made when it is first asked for, so that Blender's start does not wait for what most sessions never use.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from typing import TYPE_CHECKING, Protocol

from ...shared.img23d_protocol.values import Fields

if TYPE_CHECKING:
    from ..jobs import Job
    from ..machines import Tested
    from .session import Session
    from .setup import Setup


class Pumping(Protocol):
    """What operators need of the pump."""

    is_stale: bool  # what is known about the scene and the lists must be looked up again

    def wake(self) -> None:
        """Look for news soon, since something was just submitted."""

    def run_to_end(self, job: Job) -> None:
        """Return when the job is over (background mode, where no timer fires)."""

    def run_setup_to_end(self) -> None:
        """Return when the set-up is over (background mode)."""


class App(Fields):
    """Everything that lives from its first use until the extension is disabled."""

    session: Session
    setup: Setup
    pump: Pumping
    tested: dict[str, Tested] = field(default_factory=dict)  # what came of the tests of other machines, by their keys

    def on_parts_changed(self, obj: object) -> None:
        """The list of an object's parts was changed by hand."""

    def on_machine_changed(self, key: str) -> None:
        """How another machine is reached was changed by hand, or another one was chosen."""


_make: Callable[[], App] | None = None
_app: App | None = None


def install(make: Callable[[], App]) -> None:
    """Called by registration only: `make` is called once, at the first use."""
    global _make
    _make = make


def remove() -> App | None:
    """Called by registration only: takes away what was made and returns it, None where nothing was."""
    global _make, _app
    app, _make, _app = _app, None, None
    return app


def current() -> App:
    """The owner object, made now if need be. Raises RuntimeError while the extension is not registered."""
    global _app
    if _app is None:
        if _make is None:
            raise RuntimeError("Img23D is not registered")
        _app = _make()
    return _app


def installed() -> App | None:
    """The owner object, or None where it was not needed yet."""
    return _app
