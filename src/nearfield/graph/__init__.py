"""The graph recommender: who touched what as a bipartite graph, and walks over it."""
