"""Many rows that change at once, each in its own way."""

import polars as pl

from nearfield.catalogue.store import Catalogues
from small_frames import event_frame, item_frame, tables, user_frame

ROWS = 450


def test_every_row_gets_what_is_its_own(store: Catalogues) -> None:
    ids = [f"{number}é" for number in range(ROWS)]

    def items(mark: str) -> pl.DataFrame:
        rows = item_frame(
            *(
                (one, f"{mark} 😀 {one}", None if n % 3 else n + 1, ["a", mark])
                for n, one in enumerate(ids)
            )
        )
        return rows.with_columns(artist=pl.Series([f'"{mark}\\ {one}' for one in ids]))

    def users(mark: str) -> pl.DataFrame:
        return user_frame(*ids, city=[None if n % 5 == 0 else f"{mark} {n}" for n in range(ROWS)])

    def events(more: float) -> pl.DataFrame:
        return event_frame(
            *(
                (one, ids[0], "rated", None if n % 7 == 0 else n / 8 + more, n)
                for n, one in enumerate(ids)
            )
        )

    list(store.import_tables("movies", tables(items("old"), users("old"), events(0))))
    done = list(store.import_tables("movies", tables(items("new"), users("new"), events(0.5))))
    changed = {step.table: step.changed for step in done}
    assert changed == {"items": ROWS, "users": ROWS - ROWS // 5, "events": ROWS - 65}
    movies = store.get("movies")
    found = movies.items(movies.item_keys(ids))
    assert [item.title for item in found] == [f"new 😀 {one}" for one in ids]
    assert [item.year for item in found] == [None if n % 3 else n + 1 for n in range(ROWS)]
    assert [item.attributes["artist"] for item in found] == [f'"new\\ {one}' for one in ids]
    assert {item.genres for item in found} == {("a", "new")}
    held = movies.collection()
    assert held.users["city"].to_list()[:6] == [None, "new 1", "new 2", "new 3", "new 4", None]
    values = held.interactions.value[held.interactions.user.argsort()].tolist()
    assert [round(value, 3) for value in values[1:7]] == [0.625, 0.75, 0.875, 1.0, 1.125, 1.25]
    assert values[0] != values[0]  # nothing was said
    repeated = list(store.import_tables("movies", tables(items("new"), users("new"), events(0.5))))
    assert {step.changed for step in repeated} == {0}
