"""Skeletons of tests, in the layout and with the framework of the project."""
