"""The tab's top, from the photo to Generate and its status."""
