"""A photo's background, and what stands in front of it."""
