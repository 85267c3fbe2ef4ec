"""From ratings to recommendations with the Python API.

Run: `python examples/quickstart.py [HOME]`. HOME is a folder in which `nearfield demo movies` or
this script has run before; without one, ml-100k is fetched into a folder that is removed again.
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from nearfield import Nearfield
from nearfield.datasets.sources import find_dataset
from nearfield.types import Recommendation


def main(home: Path) -> None:
    """Import, train and publish where that was not done yet; then ask."""
    with Nearfield(home) as nearfield:
        if not nearfield.catalogues():
            nearfield.import_folder("movies", find_dataset("ml-100k", None, home / "cache"))
        if not nearfield.models("movies"):
            nearfield.train("fusion", catalogue="movies")
        if not nearfield.spaces():
            nearfield.publish("movies")

        show("For user 1:", nearfield.recommend(user=1, n=5))
        show("For someone who likes item 50:", nearfield.recommend(liked=[50], n=5))
        show("Similar to item 1:", nearfield.similar_items(1, n=5))


def show(title: str, answers: list[Recommendation]) -> None:
    """Print titles, scores and the first reason of each."""
    print(title)
    for one in answers:
        reason = one.reasons[0].text if one.reasons else ""
        print(f"  {one.score:.3f}  {one.title}  {reason}")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(Path(sys.argv[1]))
    else:
        with TemporaryDirectory() as folder:
            main(Path(folder))
