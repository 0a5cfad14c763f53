"""Pictures with what they show: the project's own things, or a folder of somebody's data.

    NAME.png or .jpg or .webp with NAME.glb      taken from the front, or from where `azimuth` says
    */meshes/model.obj                           Google Scanned Objects (Downs et al., 2022): materials/textures, z is up
    */Scan/Scan.obj                              OmniObject3D (Wu et al., 2023), raw scans: the texture lies beside it, y is up

The last two have no picture whose camera is known, so that the truth is photographed here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2

from img23d_protocol.errors import bad_request

from .objects import OBJECTS
from .orbit import Orbit
from .photograph import photograph
from .surfaces.glb_file import read_glb
from .surfaces.obj_file import read_obj, texture_beside
from .surfaces.surface import Surface

FRONT = Orbit(azimuth=-25.0, elevation=20.0)  # from where a truth is photographed
_PICTURES = (".png", ".jpg", ".jpeg", ".webp")


@dataclass(frozen=True, kw_only=True)
class Pair:
    """`picture` is its file, or None where the truth is to be photographed from `camera`, whose azimuth counts for both."""

    name: str
    truth: Callable[[], Surface]
    camera: Orbit
    picture: Path | None = None

    def picture_in(self, folder: Path) -> Path:
        """Its file, made in the folder where there is none. Raises Img23DError and OSError."""
        if self.picture is not None:
            return self.picture
        path = folder / f"{self.name}.png"
        rgb = photograph(self.truth(), self.camera).rgb
        path.write_bytes(cv2.imencode(".png", rgb[:, :, ::-1])[1].tobytes())
        return path


def own_pairs(elevations: tuple[float, ...] = (FRONT.elevation,)) -> Iterator[Pair]:
    """Each of the project's things from each height in degrees."""
    for name, make in OBJECTS.items():
        for elevation in elevations:
            said = name if len(elevations) == 1 else f"{name} from {elevation:.0f}"
            yield Pair(name=said, truth=make, camera=Orbit(azimuth=FRONT.azimuth, elevation=elevation))


def pairs_in(folder: Path, azimuth: float) -> Iterator[Pair]:
    """By name, one after the other: a folder may hold ten thousand. Raises Img23DError(BAD_REQUEST) where there is none."""
    if not folder.is_dir():
        raise bad_request(f"There is no folder “{folder}”: name one with pictures and GLB files of the same names.")
    has_any = False
    for pair in _all(folder, azimuth):
        has_any = True
        yield pair
    if not has_any:
        raise bad_request(f"“{folder}” holds no pair: a picture and a GLB of the same name, or scans as Google's or OmniObject3D's are kept.")


def _all(folder: Path, azimuth: float) -> Iterator[Pair]:
    for picture in sorted(path for path in folder.iterdir() if path.suffix.lower() in _PICTURES):
        truth = picture.with_suffix(".glb")
        if truth.is_file():
            yield Pair(name=picture.stem, truth=lambda truth=truth: read_glb(truth), camera=Orbit(azimuth=azimuth, elevation=0), picture=picture)
    for scan in sorted(folder.glob("*/meshes/model.obj")):
        place = scan.parents[1]
        yield _scan(place.name, scan, place / "materials" / "textures", z_is_up=True)
    for scan in sorted(folder.rglob("Scan/Scan.obj")):
        yield _scan(scan.parents[1].name, scan, scan.parent, z_is_up=False)


def _scan(name: str, scan: Path, textures: Path, *, z_is_up: bool) -> Pair:
    return Pair(name=name, truth=lambda: read_obj(scan, texture_beside(textures), z_is_up=z_is_up), camera=FRONT)
