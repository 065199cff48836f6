"""Imports as code actions: a missing one is added, unused ones are removed, all of them are put in order."""
