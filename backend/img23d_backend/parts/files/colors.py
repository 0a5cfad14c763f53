"""The mean colour of some faces, for what is cut open there; and colours that tell parts apart."""

from __future__ import annotations

import colorsys
from typing import Any

import cv2
import numpy as np

from .source import Primitive, Source
from .writer import Color

_LOOKED_AT = 2000  # faces
_GOLDEN = 0.61803398875  # of the hue circle from part to part: neighbours in the list never look alike


def palette(count: int) -> list[Color]:
    """Linear colours."""
    hues = [colorsys.hsv_to_rgb(number * _GOLDEN % 1.0, 0.65 - 0.15 * (number % 3), 0.95 - 0.2 * (number % 2)) for number in range(count)]
    return [(_linear(red), _linear(green), _linear(blue)) for red, green, blue in hues]


def hex_of(color: Color) -> str:
    """`#rrggbb`, sRGB."""
    return "#" + "".join(f"{round(255 * _srgb(channel)):02x}" for channel in color)


def linear_color(srgb: Color) -> Color:
    """Of sRGB, 0..1."""
    red, green, blue = map(_linear, srgb)
    return red, green, blue


class SurfaceColors:
    """Of a source; its pictures are decoded once."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._starts = np.cumsum([0, *(len(one.faces) for one in source.primitives)])
        self._pictures: dict[int, np.ndarray | None] = {}

    def mean(self, faces: np.ndarray) -> Color:
        """Linear. Of `faces` (F,) some are looked at, each at its corners."""
        some = faces[np.linspace(0, len(faces) - 1, min(len(faces), _LOOKED_AT)).astype(np.int64)]
        colors = []
        for number in np.unique(np.searchsorted(self._starts, some, side="right") - 1).tolist():
            own = some[(some >= self._starts[number]) & (some < self._starts[number + 1])] - self._starts[number]
            colors.append(self._of_corners(self._source.primitives[number], own))
        red, green, blue = np.clip(np.concatenate(colors).mean(axis=0), 0.0, 1.0).tolist()
        return red, green, blue

    def _of_corners(self, primitive: Primitive, faces: np.ndarray) -> np.ndarray:
        corners = primitive.faces[faces].ravel()
        material = self._source.document["materials"][primitive.material] if primitive.material is not None else {}
        surface: dict[str, Any] = material.get("pbrMetallicRoughness", {})
        color = np.tile(np.array(surface.get("baseColorFactor", [1.0, 1.0, 1.0, 1.0])[:3], np.float64), (len(corners), 1))
        if "COLOR_0" in primitive.attributes:
            color *= primitive.attributes["COLOR_0"].floats()[corners, :3]
        texture = surface.get("baseColorTexture", {})
        uv = primitive.attributes.get(f"TEXCOORD_{texture.get('texCoord', 0)}")
        picture = self._picture(texture["index"]) if "index" in texture and uv is not None else None
        if picture is not None and uv is not None:
            height, width = picture.shape[:2]
            column, row = np.nan_to_num(uv.floats()[corners] % 1.0 * (width, height)).astype(np.int64).T
            texels = picture[row.clip(max=height - 1), column.clip(max=width - 1), ::-1] / 255.0
            color *= np.where(texels <= 0.04045, texels / 12.92, ((texels + 0.055) / 1.055) ** 2.4)
        return color

    def _picture(self, texture: int) -> np.ndarray | None:
        """(H, W, 3) uint8 BGR; None where it lies outside of the binary part or cannot be decoded."""
        if texture not in self._pictures:
            number = self._source.image_of(texture)
            image = {} if number is None else self._source.document["images"][number]
            data = np.frombuffer(self._source.view(image["bufferView"]), np.uint8) if "bufferView" in image else np.zeros(0, np.uint8)
            self._pictures[texture] = cv2.imdecode(data, cv2.IMREAD_COLOR) if len(data) else None
        return self._pictures[texture]


def _linear(srgb: float) -> float:
    """IEC 61966-2-1."""
    return srgb / 12.92 if srgb <= 0.04045 else ((srgb + 0.055) / 1.055) ** 2.4


def _srgb(linear: float) -> float:
    return linear * 12.92 if linear <= 0.0031308 else 1.055 * linear ** (1 / 2.4) - 0.055
