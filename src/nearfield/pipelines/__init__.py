"""The whole way from files to answers, yielding progress."""
