"""One thing becomes its parts, one after the other."""
