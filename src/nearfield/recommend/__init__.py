"""The one path that answers: retrieve, filter, remove duplicates, rerank, explain."""
