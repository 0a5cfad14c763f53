"""Re-texturing a mesh of the artist's: captured for the painter, and given its texture."""
