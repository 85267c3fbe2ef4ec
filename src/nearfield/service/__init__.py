"""The HTTP service: JSON for programs, pages for people."""
