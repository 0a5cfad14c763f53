"""Networks that OpenCV computes, as far as Img23D uses them."""

from collections.abc import Sequence

import numpy as np

class Net:
    def setInput(self, blob: np.ndarray, name: str = ..., scalefactor: float = ..., mean: float | Sequence[float] = ...) -> None: ...
    def forward(self, outputName: str = ...) -> np.ndarray: ...

def blobFromImage(
    image: np.ndarray,
    scalefactor: float = ...,
    size: Sequence[int] = ...,
    mean: float | Sequence[float] = ...,
    swapRB: bool = ...,
    crop: bool = ...,
    ddepth: int = ...,
) -> np.ndarray: ...
def readNetFromONNX(buffer: np.ndarray) -> Net: ...
