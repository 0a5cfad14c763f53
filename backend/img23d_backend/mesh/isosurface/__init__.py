"""A sampled field to the triangles of its surface."""
