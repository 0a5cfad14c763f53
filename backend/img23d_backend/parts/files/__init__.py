"""A GLB whose faces are divided, and the GLBs of its parts with all that its vertices and materials have."""
