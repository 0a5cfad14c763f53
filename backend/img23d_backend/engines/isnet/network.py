"""The network in memory, and its inference on a picture."""

from __future__ import annotations

import logging

import cv2
import numpy as np

from img23d_protocol import ErrorCode, Img23DError

from ...machine.memory_errors import is_out_of_memory
from .network_file import NetworkFile, damaged, installed
from .onnx_model import model_of

log = logging.getLogger(__name__)

LARGEST = 1024  # pixels a side of what the network is shown: the size it was trained at
STEP = 64  # pixels: it halves a picture six times
_NAME = "isnet"  # in the lock
_MEAN, _RANGE = (128.0, 128.0, 128.0), 256.0  # the published input: (x - 128) / 256 of RGB in 0..255
_COPIES = 2  # of each weight that OpenCV holds: as read, and in the order of its convolutions
_NO_MEMORY = "There was not enough memory for the cut-out network: close other programs."


class Network:
    """IS-Net by OpenCV on the processor. Read when it is first needed; `file` None is the one in the extension's folder."""

    def __init__(self, file: NetworkFile | None = None) -> None:
        self._file = file
        self._net: cv2.dnn.Net | None = None
        self._bytes = 0

    @property
    def is_installed(self) -> bool:
        """Whether there is a file; what is wrong with it, or with the lock, is told by the first use."""
        try:
            return self._found().is_there
        except Img23DError as error:
            return error.code is not ErrorCode.WEIGHTS_MISSING

    def matte(self, rgb: np.ndarray, side: int = LARGEST) -> np.ndarray:
        """(h, w) float32 0..1, how much each pixel of `rgb` (h, w, 3) uint8 belongs to what stands out in it.

        The network is shown the picture squeezed to `side` x `side` pixels (a multiple of STEP), as it was trained; every pass takes time
        and memory with the square of that. Raises Img23DError(WEIGHTS_MISSING, WEIGHTS_DAMAGED, OUT_OF_MEMORY).
        """
        try:
            net = self._loaded()
            shown = cv2.resize(rgb, (side, side), interpolation=_filter(rgb.shape, side))
            net.setInput(cv2.dnn.blobFromImage(shown, 1 / _RANGE, mean=_MEAN))
            seen = net.forward()[0, 0]
            size = (rgb.shape[1], rgb.shape[0])
            return np.clip(cv2.resize(seen, size, interpolation=_filter(seen.shape, min(size))), 0, 1)
        except (MemoryError, cv2.error) as error:
            self.unload()
            if is_out_of_memory(error):
                raise Img23DError(ErrorCode.OUT_OF_MEMORY, _NO_MEMORY, str(error)) from error
            raise damaged(self._found().path, str(error)) from error

    def unload(self) -> int:
        """Gives the memory back; returns about how many bytes."""
        freed, self._net, self._bytes = self._bytes, None, 0
        return freed

    def _found(self) -> NetworkFile:
        return self._file or installed(_NAME)

    def _loaded(self) -> cv2.dnn.Net:
        if self._net is None:
            try:
                model = model_of(self._found().read())
            except (KeyError, ValueError) as error:
                raise damaged(self._found().path, repr(error)) from error
            self._net = cv2.dnn.readNetFromONNX(model)
            self._bytes = _COPIES * model.nbytes
            log.info("the cut-out network is read: %.0f MB of weights", model.nbytes / 1e6)
        return self._net


def _filter(shape: tuple[int, ...], side: int) -> int:
    """OpenCV's for a picture of that shape (h, w, ...) made `side` pixels large: without aliasing where it shrinks."""
    return cv2.INTER_AREA if min(shape[:2]) > side else cv2.INTER_LINEAR
