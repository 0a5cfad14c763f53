"""The camera's tilt by a depth model: every engine with learned models heeds it where it is downloaded."""

from __future__ import annotations

from .declare import StageOptions

DEPTH_MODEL = "depth-anything-v2-metric-small"  # a file set of the backend's registry


class Camera(StageOptions):
    """No options yet."""

    def file_sets(self) -> tuple[str, ...]:
        return (DEPTH_MODEL,)
