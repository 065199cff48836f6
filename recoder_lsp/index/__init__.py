"""The workspace as searchable symbols, kept in a process of its own."""
