"""What the networks are read from, and what they are to do."""
