"""Loops that are compiled once: found on the disk, they need no compiler."""

import os
import subprocess
import sys
from pathlib import Path

LOOPS = """
import sys
import numpy as np
from nearfield.compiled import compiled

@compiled
def squares(values):
    made = np.zeros(len(values))
    for place in range(len(values)):
        made[place] = values[place] ** 2
    return made

@compiled
def sum_of_squares(values):
    return squares(values).sum()

def compiler():
    return "numba.np.arraymath" in sys.modules

three = np.arange(3.0)
found = [compiler(), squares(three).tolist(), compiler()]
if "both" in sys.argv:
    found += [sum_of_squares(three), squares(np.arange(3)).tolist(), compiler()]
print(found)
"""


def test_a_loop_is_found_without_the_compiler_which_is_there_for_others(tmp_path: Path) -> None:
    program = tmp_path / "loops.py"
    program.write_text(LOOPS)

    def run(*given: str) -> str:
        command = [sys.executable, str(program), *given]
        environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path / "kept")}
        done = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
        return done.stdout.strip()

    compiled, found = "[False, [0.0, 1.0, 4.0], True]", "[False, [0.0, 1.0, 4.0], False]"
    assert run() == compiled
    assert run() == found
    assert run("both") == f"{found[:-1]}, 5.0, [0.0, 1.0, 4.0], True]"
    assert run("both") == f"{found[:-1]}, 5.0, [0.0, 1.0, 4.0], True]"  # .sum() is of numba's own
