"""What usually follows what in the files of a folder: all of them as one sequence of lexemes, kept in a file."""
