"""Documentation of declarations: what belongs into it, in which style, and how it is written into the source."""
