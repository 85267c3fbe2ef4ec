"""Where bulk work runs: the cores of this machine, or a Ray cluster. Knows nothing of songs."""
