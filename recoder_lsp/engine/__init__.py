"""Tokens in, tokens out: scheduling, models and decoding. Knows no editor and no workspace."""
