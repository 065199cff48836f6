"""Declarations as their source has them: parameters, what is returned, yielded and raised, and their documentation."""
