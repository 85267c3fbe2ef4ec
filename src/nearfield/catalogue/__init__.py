"""The facts, in SQL: items, users and events of each collection."""
