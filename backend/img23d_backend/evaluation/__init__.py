"""How near a result is to the truth, by the protocol of InstantMesh (Xu et al., 2024)."""
