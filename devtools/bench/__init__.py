"""What the project measures of itself; `report` is the entry."""
