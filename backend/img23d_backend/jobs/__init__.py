"""Jobs from request to last message: the pipeline of a photo, its runs on disk, set-ups. Imports nothing by itself."""
