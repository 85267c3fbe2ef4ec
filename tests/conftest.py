import os
import secrets
from pathlib import Path

from hypothesis import settings

# No test is timed: other work on the machine is no failure.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

# Processes that compile one loop for several types at the same time can spoil what numba keeps of
# it for all of them, and one that then loads it dies. Read when numba is first imported.
if worker := os.environ.get("PYTEST_XDIST_WORKER"):
    kept = Path(__file__).parent.parent / ".pytest_cache" / f"numba-{worker}"
    os.environ["NUMBA_CACHE_DIR"] = str(kept)

# Ray reads this when it is imported, which collecting the doctests does: a Ray that a test starts
# asks for the token that its starter had then.
os.environ.setdefault("RAY_AUTH_MODE", "token")
os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(16))
