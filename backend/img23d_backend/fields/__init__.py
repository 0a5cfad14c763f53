"""Fields that tell a colour at every place, and what paints with them."""
