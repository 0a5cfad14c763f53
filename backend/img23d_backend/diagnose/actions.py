"""The one thing to do about a failure, for each of its codes."""

from __future__ import annotations

from img23d_protocol import ErrorCode
from img23d_protocol.messages import Action

_ACTIONS = {
    ErrorCode.ENGINE_NOT_READY: Action.SET_UP,
    ErrorCode.ENVIRONMENT_BROKEN: Action.SET_UP,
    ErrorCode.WEIGHTS_MISSING: Action.DOWNLOAD,
    ErrorCode.WEIGHTS_DAMAGED: Action.DOWNLOAD,
    ErrorCode.WEIGHTS_UNFIT: Action.COPY_REPORT,
    ErrorCode.OUT_OF_MEMORY: Action.SMALL_MEMORY,
    ErrorCode.DRIVER_TOO_OLD: Action.UPDATE_DRIVER,
    ErrorCode.DEVICE_LOST: Action.RESTART_BACKEND,
    ErrorCode.FOLDER_UNWRITABLE: Action.CHOOSE_FOLDER,
    ErrorCode.DISK_FULL: Action.CHOOSE_FOLDER,
}


def action_for(code: str) -> Action:
    """For any other failure, the log."""
    return next((action for known, action in _ACTIONS.items() if known == code), Action.OPEN_LOG)
