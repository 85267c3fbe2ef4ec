"""Tables in: MovieLens of every release, CSV, Parquet, RecBole atomic files, data frames."""
