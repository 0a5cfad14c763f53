"""The benchmark; `report` is the entry."""
