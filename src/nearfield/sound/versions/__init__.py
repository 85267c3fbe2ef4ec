"""Finds versions of a song: other keys, tempi, instruments and arrangements, live takes, covers."""
