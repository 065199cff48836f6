"""What is kept: the manifest, which is the truth, and vectors."""
