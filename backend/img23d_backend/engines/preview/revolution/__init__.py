"""Solids of revolution: which outlines show one, and the meshes turned from them."""
