"""From sound files to vectors: decode, separate, cepstrum, encode; fingerprints and traits."""
