"""Lists of songs to be played one after another: made, put in order, and written to files."""
