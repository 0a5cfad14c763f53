"""What was made, and what can be done with it."""
