"""The process that an index lives in, and how others reach it."""
