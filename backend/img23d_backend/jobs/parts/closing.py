"""Lids for the parts of a mesh, as the artist has merged and left them out."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from img23d_protocol import ErrorCode, Img23DError
from img23d_protocol.errors import bad_request
from img23d_protocol.files.filenames import FileName
from img23d_protocol.files.whole_files import write_whole
from img23d_protocol.messages import Close, Finished, LidsReady, Settings, Stage

from ...parts.closing.solids import SolidPart, solid_parts
from ..job import Caller, Job
from ..runs import make_folder
from .given import Given, read_given

_NAME = "lids.npz"
_GLTF_TO_WORLD = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]])  # from y up to z up


def close(request: Close, caller: Caller) -> Finished:
    """Each part as a solid. Raises Img23DError."""
    job = Job(request.job, 0, Settings(), caller)
    context = job.context(Stage.SPLIT)
    if not request.run_folder.strip():
        raise bad_request("No folder for the results is given.")
    given = read_given(request.mesh, "")
    labels = _labels(request.labels, len(given.file.mesh.faces))
    make_folder(Path(request.run_folder))
    numbers, label = np.unique(labels, return_inverse=True)
    has_none = int(numbers[0] < 0)
    numbers, label = numbers[has_none:], label.reshape(-1) - has_none
    parts = solid_parts(given.file.mesh, label, lambda fraction: context.report(fraction, ""))
    write_whole(Path(request.run_folder) / _NAME, _to_bytes(given, parts, numbers, label))
    still_open = tuple(number for number, part in zip(numbers.tolist(), parts, strict=True) if part.is_open)
    note = "" if not still_open else f"Parts that could not be closed: {len(still_open)} of {len(parts)}; their surface is torn or runs through itself."
    job.emit(LidsReady(job=job.id, lids=FileName(_NAME), open_parts=still_open, note=note))
    return Finished(job=job.id, made=1, failed=0, seconds=job.elapsed)


def _labels(path: str, count: int) -> np.ndarray:
    """(T,) int64, -1 and up"""
    try:
        labels = np.load(path, allow_pickle=False)
        whole = labels.astype(np.int64)
        if labels.dtype.kind not in "iu" or whole.shape != (count,):
            raise ValueError(f"{labels.dtype} {labels.shape} for {count} triangles")
    except (OSError, ValueError, EOFError) as error:
        raise Img23DError(ErrorCode.MESH_UNREADABLE, "The parts are not those of this mesh: split it again.", str(error)) from error
    if not (whole >= 0).any():
        raise bad_request("Every part is left out, so there is nothing to cut: take one in again.")
    return np.maximum(whole, -1)


def _to_bytes(given: Given, parts: Sequence[SolidPart], numbers: np.ndarray, label: np.ndarray) -> bytes:
    """The arrays of `messages.LidsReady`."""
    used, vertices, faces, count = given.used, [], [], given.vertices
    for part in parts:
        places = np.concatenate([used, count + np.arange(len(part.vertices))])
        vertices.append(part.vertices)
        faces.append(places[part.faces])
        count += len(part.vertices)
    dropped = label >= 0
    dropped[np.concatenate([part.kept for part in parts])] = False
    world = (np.concatenate(vertices) + given.file.origin) @ _GLTF_TO_WORLD.T
    data = io.BytesIO()
    np.savez(
        data,
        vertices=world.astype(np.float32),
        faces=np.concatenate(faces).astype(np.int32),
        part=np.repeat(numbers, [len(part.faces) for part in parts]).astype(np.int32),
        source=np.concatenate([part.source for part in parts]).astype(np.int32),
        dropped=dropped,
    )
    return data.getvalue()
