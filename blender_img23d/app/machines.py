"""The other machines of the preferences: choosing one, testing the connection, and moving the session there when nothing runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import bpy
from bpy.app.translations import pgettext_iface as _

from ..core.machines import Machine, Tested, machine_of, new_key, write_token
from ..core.requests import build_diagnose
from ..core.session.setup_requests import OFFLINE
from ..core.states import SessionState
from ..properties import preferences_of
from ..properties.machines import tokens_folder
from ..scene.file.folders import absolute
from ..shared.img23d_protocol import ErrorCode, Img23DError
from ..shared.img23d_protocol.errors import bad_request
from ..shared.img23d_protocol.messages import Finding, Level

if TYPE_CHECKING:
    from ..core.jobs import Job
    from ..core.session.session import Session
    from ..properties.machines import Img23DMachine
    from .owner import Extension

_TESTING = Tested(sentence="Asking the other machine...", is_over=False)
_WORKS = "It works: {devices}. Ready: {engines}."


def machine_named(key: str) -> Img23DMachine:
    """Raises Img23DError(BAD_REQUEST)."""
    found = next((one for one in preferences_of(bpy.context).machines if one.key == key), None)
    if found is None:
        raise bad_request("This machine is not in the list any more.")
    return found


def reach(key: str) -> Machine:
    """How a machine of the list is reached. Raises Img23DError: BAD_REQUEST, or OFFLINE where Blender may not use the network."""
    row = machine_named(key)
    machine = machine_of(name=row.name, address=row.address, key=key, certificate=absolute(row.certificate), folder=tokens_folder())
    if not machine.address.is_loopback and not bpy.app.online_access:
        raise Img23DError(ErrorCode.OFFLINE, OFFLINE)
    return machine


def add_machine(context: bpy.types.Context) -> str:
    """A new one at the end of the list, chosen so that its fields are shown; its key."""
    values = preferences_of(context)
    row = values.machines.add()
    row.key, row.name = new_key(), _("Another Machine")
    _choose(context, row.key)
    return row.key


def choose_machine(context: bpy.types.Context, key: str) -> None:
    """Raises Img23DError(BAD_REQUEST)."""
    if key:
        machine_named(key)
    _choose(context, key)


def remove_machine(context: bpy.types.Context, key: str) -> None:
    """With its token. Raises Img23DError."""
    machine_named(key)
    values = preferences_of(context)
    try:
        write_token(tokens_folder(), key, "")
    except OSError as error:
        raise Img23DError(ErrorCode.FOLDER_UNWRITABLE, "The file with the token cannot be deleted.", str(error)) from error
    values.machines.remove([one.key for one in values.machines].index(key))
    if values.machine == key:
        _choose(context, "")


def _choose(context: bpy.types.Context, key: str) -> None:
    preferences_of(context).machine = key
    context.preferences.is_dirty = True  # Blender then saves it as it saves every other preference


class Machines:
    """Main thread only. `make_session` makes one for a link to another machine."""

    def __init__(self, session: Session, make_session: Callable[[str], Session]) -> None:
        self._session = session
        self._make_session = make_session
        self._session.machine = preferences_of(bpy.context).machine
        self._is_changed = False  # how the chosen machine is reached
        self._testing: dict[str, tuple[Session, Job]] = {}

    def on_changed(self, owner: Extension, key: str) -> None:
        """Of a field, or of the choice."""
        owner.tested.pop(key, None)
        self._is_changed |= key == preferences_of(bpy.context).machine

    def test(self, owner: Extension, key: str) -> None:
        """Its answer is in `owner.tested` when the pump has heard it. Raises Img23DError."""
        reach(key)
        self._end_test(key)
        session = self._make_session(key)
        self._testing[key] = session, session.submit(build_diagnose())
        owner.tested[key] = _TESTING

    @property
    def is_testing(self) -> bool:
        return bool(self._testing)

    def step(self, owner: Extension) -> bool:
        """True where there is something new to draw."""
        has_changed = self._hear_tests(owner)
        chosen = preferences_of(bpy.context).machine
        must_leave = bool(chosen) and self._session.state is SessionState.READY and _problem(chosen) is not None
        if (self._is_changed or chosen != self._session.machine or must_leave) and self._session.active is None and not owner.setup.is_running:
            self._move(owner, chosen)
            has_changed = True
        return has_changed

    def close(self) -> None:
        for key in list(self._testing):
            self._end_test(key)

    # --- steps ------------------------------------------------------------------------------------------------------

    def _move(self, owner: Extension, chosen: str) -> None:
        """What is known of the new one is asked for where it was known of the one before."""
        was_known, problem = bool(self._session.engines or self._session.weights), _problem(chosen) if chosen else None
        self._is_changed, owner.refusal = False, ""
        self._session.move(chosen)
        owner.pump.is_stale = True
        try:
            if problem is not None:
                raise problem
            owner.models.ask_again()
            if was_known:
                self._session.inspect()
        except Img23DError as error:
            self._session.notice = error.sentence

    def _hear_tests(self, owner: Extension) -> bool:
        has_changed = False
        for key, (session, job) in list(self._testing.items()):
            session.tick()
            if job.is_over:
                owner.tested[key] = _tested(session, job)
                self._end_test(key)
                _redraw_preferences()
                has_changed = True
        return has_changed

    def _end_test(self, key: str) -> None:
        if (found := self._testing.pop(key, None)) is not None:
            found[0].shutdown()


def _tested(session: Session, job: Job) -> Tested:
    finding: Finding | None = next(iter(job.findings), None)
    if finding is None:
        return Tested(sentence=job.error or "The other machine did not answer.")
    if finding.level is not Level.GOOD:
        return Tested(sentence=finding.sentence)
    devices = [f"{one.label} ({one.total_bytes / 2**30:.0f} GB)" if one.total_bytes else one.label for one in session.devices]
    engines = [_(one.label) for one in session.engines if one.ready]
    return Tested(sentence=_(_WORKS).format(devices=", ".join(devices), engines=", ".join(engines) or "-"), is_good=True)


def _problem(key: str) -> Img23DError | None:
    """Why a machine cannot even be asked."""
    try:
        reach(key)
    except Img23DError as error:
        return error
    return None


def _redraw_preferences() -> None:
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            if area.type == "PREFERENCES":
                area.tag_redraw()
