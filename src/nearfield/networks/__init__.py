"""Parts of networks that the recommenders share: features, histories, attention, losses."""
