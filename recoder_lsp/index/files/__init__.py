"""Which files of a folder count, what their text is, and when they change."""
