"""TRELLIS: a photo to structured latents, and those to Gaussian splats and a mesh (microsoft/TRELLIS, MIT; Xiang et al., 2025)."""
