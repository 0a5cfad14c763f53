"""Meshes with colours, as they are scored and drawn, and the files that they are read from."""
