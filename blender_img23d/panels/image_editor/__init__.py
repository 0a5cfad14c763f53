"""The sidebar and the tools of the Image Editor."""
