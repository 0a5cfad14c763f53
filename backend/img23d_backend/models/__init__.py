"""The learned models in memory: read from their files, moved between devices, offloaded where memory is short."""
