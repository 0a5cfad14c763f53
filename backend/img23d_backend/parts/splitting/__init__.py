"""The faces of a mesh grouped into parts: one number a face."""
