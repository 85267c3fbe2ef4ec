"""Which songs are the same recording: candidates, careful comparison, decision, groups."""
