"""Changes of the schema, oldest first; each one is frozen once released."""
