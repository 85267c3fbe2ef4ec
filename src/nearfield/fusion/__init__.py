"""The fusion recommender: two towers that turn what users and items are into one space."""
