"""The Python API: one Nearfield home, as a class."""


class Nearfield:
    """One home: its catalogues, models and spaces."""
