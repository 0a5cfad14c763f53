"""A picture file's metadata: orientation, lens, colours."""
