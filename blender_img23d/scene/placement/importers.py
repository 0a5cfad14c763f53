"""The importer of each kind of result: a kind that can be shown is a line here."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ...shared.img23d_protocol.messages import ResultKind
from ..glb.importer import MeshImporter
from ..result_importer import Importer
from ..splats.importer import SplatImporter

IMPORTERS: Mapping[ResultKind, Callable[[], Importer]] = {ResultKind.MESH: MeshImporter, ResultKind.SPLATS: SplatImporter}


class Importers:
    """One of each, for as long as the extension lives."""

    def __init__(self) -> None:
        self._made: dict[ResultKind, Importer] = {}

    def of(self, kind: ResultKind) -> Importer:
        if kind not in self._made:
            self._made[kind] = IMPORTERS.get(kind, Importer)()
        return self._made[kind]

    def is_reading(self, path: str) -> bool:
        return any(importer.is_reading(path) for importer in self._made.values())

    def close(self) -> None:
        for importer in self._made.values():
            importer.close()
