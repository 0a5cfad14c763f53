"""Files that both sides write and read: their names, whole writes, locks, and what a disk's errors mean."""
