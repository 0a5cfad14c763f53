"""From a GLB of the backend to a mesh object with its material."""
