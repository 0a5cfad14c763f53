"""What can go wrong, as codes that both sides know: a module of its own, since Blender's start would wait for so many members of an enum."""

from __future__ import annotations

from enum import StrEnum


class ErrorCode(StrEnum):
    """A stable name for each known failure; the sentence beside it may change, the code does not."""

    PHOTO_MISSING = "photo_missing"  # none was chosen
    PHOTO_NOT_FOUND = "photo_not_found"
    PHOTO_IS_FOLDER = "photo_is_folder"
    PHOTO_EMPTY_FILE = "photo_empty_file"
    PHOTO_UNREADABLE = "photo_unreadable"  # not an image, or damaged
    PHOTO_TRUNCATED = "photo_truncated"
    PHOTO_TOO_SMALL = "photo_too_small"
    PHOTO_TRANSPARENT = "photo_transparent"
    PHOTO_UNIFORM = "photo_uniform"
    BAD_REQUEST = "bad_request"  # a name, box or setting that makes no sense
    ENGINE_UNKNOWN = "engine_unknown"
    ENGINE_NOT_READY = "engine_not_ready"
    NO_REGION = "no_region"  # nothing in the picture is left for this name
    EMPTY_CUTOUT = "empty_cutout"
    MESH_UNREADABLE = "mesh_unreadable"
    FOLDER_UNWRITABLE = "folder_unwritable"
    DISK_FULL = "disk_full"
    OUT_OF_MEMORY = "out_of_memory"
    BUSY = "busy"  # one job at a time
    BACKEND_DIED = "backend_died"
    BACKEND_SILENT = "backend_silent"
    BACKEND_START = "backend_start"
    VERSION_MISMATCH = "version_mismatch"
    OFFLINE = "offline"  # the artist does not let Blender use the network, or there is none
    LICENCE_NOT_ACCEPTED = "licence_not_accepted"
    LICENCE_DIFFERS = "licence_differs"  # the model's page does not name the licence that the registry has
    ENVIRONMENT_BROKEN = "environment_broken"  # the private environment cannot be made or used
    DRIVER_TOO_OLD = "driver_too_old"  # of the graphics card
    DEVICE_LOST = "device_lost"  # a graphics card's error after which only a new backend can use it
    WEIGHTS_MISSING = "weights_missing"
    WEIGHTS_DAMAGED = "weights_damaged"  # wrong bytes: a new download helps
    WEIGHTS_UNFIT = "weights_unfit"  # whole, yet not what this version's networks ask for: a new download does not help
    HUB_REFUSED = "hub_refused"  # gated: an account or a consent is needed
    HUB_GONE = "hub_gone"  # the repository, revision or file is not there any more
    HUB_UNREACHABLE = "hub_unreachable"  # no network, a proxy, or the hub is down
    FILE_LOCKED = "file_locked"  # another program, often an antivirus, holds it
    NO_SURFACE = "no_surface"  # the shape model's field has no surface
    MACHINE_UNREACHABLE = "machine_unreachable"  # another machine that is to do the work
    MACHINE_REFUSED = "machine_refused"  # it does not know the token
    MACHINE_DIFFERS = "machine_differs"  # it runs another version, or no server of ours
    MACHINE_ANSWER = "machine_answer"  # what it sends cannot be used
    INTERNAL = "internal"
