"""This computer: its devices, drivers and memory. Standard library only at module level."""
