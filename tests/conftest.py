from hypothesis import settings

# No test is timed: other work on the machine is no failure.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
