"""Thousands of photos, one job each: what is done stands in a manifest on the disk, so that a batch that was ended goes on where it stopped."""
