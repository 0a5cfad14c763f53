"""Files that both sides write and read: their names, atomic writes, locks, and disk errors."""
