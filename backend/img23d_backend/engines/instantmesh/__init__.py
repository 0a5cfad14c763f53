"""InstantMesh (Xu et al., 2024): six views of a thing by Zero123++, and its mesh from them."""
