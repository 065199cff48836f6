"""Measures a model on everything that is given, through the server's own path where there is one."""
