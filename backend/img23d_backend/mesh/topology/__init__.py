"""A mesh's faces, edges and vertices: checked, repaired, simplified, and summed over."""
