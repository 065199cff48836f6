"""`make demo`: the real server, typed at key by key, with what it answers."""
