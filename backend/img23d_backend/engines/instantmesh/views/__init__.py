"""Six views of a thing from its picture: Zero123++ (Shi et al., 2023)."""
