"""From boxes in a photo and upright meshes to a camera above a ground and each mesh's place on it; NumPy only.

hull.py         the points of a mesh that its silhouette's box can depend on
camera.py       cameras of one height, many at a time
fit.py          the places whose silhouettes cover their boxes, for given cameras
search.py       the camera that explains all boxes best
arrangement.py  the entry: add the meshes as they come, ask for the arrangement
"""

from __future__ import annotations

from .arrangement import Arrangement as Arrangement
from .arrangement import Solved as Solved
