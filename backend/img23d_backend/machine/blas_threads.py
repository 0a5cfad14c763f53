"""How many threads NumPy's, SciPy's and OpenCV's BLAS computes with: one, whichever program the pipeline runs in.

Our matrices are small: more threads only wait for each other and take the processor from Blender. They would also add in another
order, so that the last bits of a sum depended on the machine and on who called.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

VARIABLE = "OPENBLAS_NUM_THREADS"
# Whose wheels bring an OpenBLAS of their own: the module, and where the library lies from the folder that holds the module
_BRINGERS = {
    "numpy": ("numpy.libs", "numpy/.dylibs"),
    "scipy": ("scipy.libs", "scipy/.dylibs"),
    "cv2": ("opencv_python_headless.libs", "opencv_python.libs", "cv2/.dylibs"),
}
# As OpenBLAS, and its builds for SciPy's wheels, export it: openblas_set_num_threads(int)
_SETTERS = (
    "openblas_set_num_threads", "openblas_set_num_threads64_", "scipy_openblas_set_num_threads", "scipy_openblas_set_num_threads64_",
)  # fmt: skip


def use_one_thread() -> None:
    """In this process from now on. A number that the environment sets already stays."""
    if VARIABLE in os.environ:
        return
    os.environ[VARIABLE] = "1"  # read by each OpenBLAS when it is loaded
    for library in _loaded():
        _set(library)


def _loaded() -> Iterator[Path]:
    """The files of those that have read the environment before it was said."""
    for name, folders in _BRINGERS.items():
        module = sys.modules.get(name)
        if module is not None and module.__file__:
            beside = Path(module.__file__).parents[1]
            yield from (path for folder in folders for path in (beside / folder).glob("*openblas*"))
    for name in ("numpy._core._multiarray_umath", "numpy.core._multiarray_umath"):  # from 2.0 on, before
        if name in sys.modules:  # a NumPy that links to the system's OpenBLAS, whose symbols are found through it
            yield Path(sys.modules[name].__file__ or "")


def _set(library: Path) -> None:
    import ctypes  # only here: the program's usual start is before NumPy's

    try:
        loaded = ctypes.CDLL(str(library))
    except OSError:  # not one for this system
        return
    for setter in _SETTERS:
        if hasattr(loaded, setter):
            getattr(loaded, setter)(ctypes.c_int(1))
            return
