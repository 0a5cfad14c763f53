"""Img23D's backend: a photo and a few names become textured meshes, in a process of its own."""

from .machine.blas_threads import use_one_thread

__version__ = "0.1.0"

use_one_thread()  # every way in comes through here, most of them before NumPy does
