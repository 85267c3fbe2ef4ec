"""Vectors at rest and in use: embeddings on disk, the index protocol, Milvus, publishing."""
