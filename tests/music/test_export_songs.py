"""A catalogue of songs goes into a file, and comes out of it with all that people did."""

import shutil
from pathlib import Path

from nearfield.catalogue.sounds import Sounds
from nearfield.home import Nearfield
from nearfield.pipelines.export import export_files
from nearfield.pipelines.imports import import_folder
from nearfield.pipelines.progress import finish
from small_frames import contents


def kept(sounds: Sounds) -> dict[str, tuple[object, ...]]:
    files = sounds.files().items()
    return {path: (one.size, one.modified, one.content, one.state) for path, one in files}


def test_songs_come_back_with_files_lists_and_decisions(
    added: Path, library: Path, tmp_path: Path
) -> None:
    with Nearfield(Path(shutil.copytree(added, tmp_path / "old"))) as home:
        old = home.stores.catalogue("songs")
        keys = old.all_item_keys().tolist()
        ids = old.item_ids(old.all_item_keys())
        old.playlists.add("Evening", [keys[1], keys[0], keys[1]])
        old.post_events([{"user": "ann", "item": ids[0], "kind": "listened", "time": 3}])
        home.music.different(str(ids[0]), str(ids[1]))
        finish(export_files(home.stores, "songs", tmp_path / "songs.zip", form="parquet"))
        before = contents(old), kept(old.sounds), old.sounds.fingerprints(old.all_item_keys())
        told = [dict(one.attributes) for one in old.items(old.all_item_keys())]
        assert any("key" in one for one in told)
    with Nearfield(tmp_path / "new") as home:
        for _ in range(2):  # the second time changes nothing
            finish(import_folder(home.stores, "songs", tmp_path / "songs.zip", strict=True))
        new = home.stores.catalogue("songs")
        assert (contents(new), kept(new.sounds)) == before[:2]
        assert [one.attributes for one in new.items(new.all_item_keys())] == told
        prints = new.sounds.fingerprints(new.all_item_keys())
        assert list(prints.values()) == list(before[2].values())
        (saved,) = new.playlists.list()
        songs = new.playlists.songs(saved.id)
        assert [new.items(new.all_item_keys())[0].key, saved.name] == [songs[1], "Evening"]
        (verdict,) = new.pairs.verdicts()
        assert verdict.verdict == "different"
        heard = home.music.add(library, workers=1)
        assert (heard.tally.added, heard.tally.changed) == (0, len(ids))
        assert new.item_ids(new.all_item_keys()) == ids
        assert home.music.similar(str(ids[0]), 3)
