"""Answers: hits, names, related code; every text compared with what was indexed before it is quoted."""
