"""Lids for the parts of a mesh, as the artist has merged and left them out."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np

from img23d_protocol import ErrorCode, Img23DError
from img23d_protocol.errors import bad_request
from img23d_protocol.files.filenames import FileName
from img23d_protocol.files.whole_files import write_whole
from img23d_protocol.messages import Close, Finished, LidsReady, Settings, Stage

from ...parts.closing import Closer
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
    lids = _Lids(given)
    parts = np.unique(labels[labels >= 0])
    for done, number in enumerate(parts.tolist()):
        context.report(done / len(parts), f"part {number + 1}")
        lids.add(number, np.flatnonzero(labels == number))
    write_whole(Path(request.run_folder) / _NAME, lids.to_bytes())
    note = (
        "" if not lids.open_parts else f"Parts that could not be closed: {len(lids.open_parts)} of {len(parts)}; their surface is torn or runs through itself."
    )
    job.emit(LidsReady(job=job.id, lids=FileName(_NAME), open_parts=tuple(lids.open_parts), note=note))
    return Finished(job=job.id, made=1, failed=0, seconds=job.elapsed)


def _labels(path: str, count: int) -> np.ndarray:
    """(T,) int64"""
    try:
        labels = np.load(path, allow_pickle=False)
        whole = labels.astype(np.int64)
        if labels.dtype.kind not in "iu" or whole.shape != (count,):
            raise ValueError(f"{labels.dtype} {labels.shape} for {count} triangles")
    except (OSError, ValueError, EOFError) as error:
        raise Img23DError(ErrorCode.MESH_UNREADABLE, "The parts are not those of this mesh: split it again.", str(error)) from error
    if not (whole >= 0).any():
        raise bad_request("Every part is left out, so there is nothing to cut: take one in again.")
    return whole


class _Lids:
    """What is gathered part by part, see `messages.LidsReady`."""

    def __init__(self, given: Given) -> None:
        self._given = given
        self._closer = Closer(given.file.mesh)
        self._vertices: list[np.ndarray] = [np.empty((0, 3))]
        self._faces: list[np.ndarray] = [np.empty((0, 3), dtype=np.int64)]
        self._part: list[np.ndarray] = [np.empty(0, dtype=np.int64)]
        self._source: list[np.ndarray] = [np.empty(0, dtype=np.int64)]
        self._dropped = np.zeros(len(given.file.mesh.faces), dtype=bool)
        self._count = given.vertices
        self.open_parts: list[int] = []

    def add(self, number: int, faces: np.ndarray) -> None:
        closed = self._closer.close(faces)
        self._dropped[np.setdiff1d(faces, closed.faces_kept)] = True
        if closed.is_open:
            self.open_parts.append(number)
        is_new = closed.rim < 0
        at = np.empty(len(closed.vertices), dtype=np.int64)
        at[is_new] = self._count + np.arange(int(is_new.sum()))
        at[~is_new] = self._given.used[closed.rim[~is_new]]
        self._vertices.append(closed.vertices[is_new])
        self._count += int(is_new.sum())
        self._faces.append(at[closed.faces])
        self._part.append(np.full(len(closed.faces), number))
        self._source.append(np.full(len(closed.faces), -1))

    def to_bytes(self) -> bytes:
        data = io.BytesIO()
        world = (np.concatenate(self._vertices) + self._given.file.origin) @ _GLTF_TO_WORLD.T
        np.savez(
            data,
            vertices=world.astype(np.float32),
            faces=np.concatenate(self._faces).astype(np.int32),
            part=np.concatenate(self._part).astype(np.int32),
            source=np.concatenate(self._source).astype(np.int32),
            dropped=self._dropped,
        )
        return data.getvalue()
