"""Songs that are there more than once: found, grouped, decided about, recognized and moved."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from music.copies import ALONE, ONE, RATE, SECONDS, TWO, make_copies
from nearfield.catalogue.pair_facts import DUPLICATE
from nearfield.cli.main import app
from nearfield.errors import InvalidInput, NotFound
from nearfield.home import Nearfield
from nearfield.pipelines.find_duplicates import METHOD
from nearfield.pipelines.forget_items import forget_items
from nearfield.pipelines.song_prints import index_folder
from nearfield.pipelines.song_report import Member, Report
from nearfield.sound.fingerprint import from_text
from nearfield.sound.matching.index import FingerprintIndex
from sound.made_sounds import song, write_sound


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_copies(tmp_path_factory.mktemp("copies") / "music")


@pytest.fixture(scope="module")
def first(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home that holds the library; nobody may change it."""
    home = tmp_path_factory.mktemp("copies-home")
    with Nearfield(home) as nearfield:
        nearfield.music.add(folder, workers=1, separation="none")
    return home


@pytest.fixture
def home(first: Path, tmp_path: Path) -> Iterator[Nearfield]:
    """A home of one's own that holds the library."""
    shutil.copytree(first, tmp_path / "home")
    with Nearfield(tmp_path / "home") as nearfield:
        yield nearfield


def names(report: Report) -> list[set[str]]:
    return [{Path(one.path).name for one in group.members} for group in report.groups]


def member(report: Report, name: str) -> Member:
    (found,) = [
        one for group in report.groups for one in group.members if Path(one.path).name == name
    ]
    return found


HEAVY = {
    "alembic",
    "faiss",
    "grpc",
    "librosa",
    "milvus_lite",
    "pandas",
    "polars",
    "pyarrow",
    "pymilvus",
    "scipy.fft",
    "scipy.linalg",
    "torch",
}
"""What takes longer to load than a clip to recognize."""


def test_just_the_copies_are_grouped(home: Nearfield) -> None:
    report = home.music.duplicates()
    assert names(report) == [ONE, TWO]
    best = [Path(group.members[0].path).name for group in report.groups]
    assert best == ["one.flac", "two fast.flac"]
    assert not report.review
    assert not report.notes


def test_it_is_told_how_copies_lie_in_the_best_one(home: Nearfield) -> None:
    report = home.music.duplicates()
    late, clip = member(report, "one late.ogg"), member(report, "one clip.ogg")
    assert late.tie.offset == pytest.approx(2.5, abs=0.1)
    assert clip.tie.relation == "excerpt"
    assert clip.tie.offset == pytest.approx(8.3, abs=0.1)
    assert clip.tie.overlap == pytest.approx(9, abs=1.0)
    slow = member(report, "two.ogg")  # beside "two fast", the best
    assert slow.tie.speed == pytest.approx(1 / 1.02, abs=0.003)
    assert slow.tie.similarity > 0.6


def test_lists_never_show_two_of_one(home: Nearfield, folder: Path) -> None:
    music = home.music
    for name in ("one.flac", "one noisy.ogg", "two.ogg", "other 3.ogg"):
        own = next((group for group in (ONE, TWO) if name in group), {name})
        for found in (
            [one.attributes["path"] for one in music.similar(folder / name, n=20)],
            [one.attributes["path"] for one in music.recommend(listened=[folder / name])],
        ):
            shown = {Path(path).name for path in found}
            assert not shown & own
            assert len(shown & ONE) + len(shown & TWO) == 2 - len({name} & (ONE | TWO))
            assert shown & ONE <= {"one.flac"}  # the best copy
        at = {
            Path(one.attributes["path"]).name for one in music.similar(folder / name, n=20, at=3.0)
        }
        assert not at & own
        assert max(len(at & ONE), len(at & TWO)) <= 1
    lists = music.playlist(folder / "other 4.ogg", length=4)
    assert len({Path(one.attributes["path"]).name for one in lists.songs} & ONE) == 1


def test_a_copy_that_comes_later_joins(home: Nearfield, folder: Path, tmp_path: Path) -> None:
    later = tmp_path / "later"
    later.mkdir()
    write_sound(later / "two once more.mp3", song(SECONDS, seed=2))
    shutil.copy(folder / "other 3.ogg", later / "same bytes.ogg")
    added = home.music.add(later, workers=1)
    assert (added.tally.added, added.tally.copies, added.copies) == (1, 1, 6)
    groups = names(home.music.duplicates())
    assert {*TWO, "two once more.mp3"} in groups
    assert {"other 3.ogg", "same bytes.ogg"} in groups


def test_when_the_best_copy_is_gone_another_one_is(home: Nearfield, tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    write_sound(own / "new.flac", song(SECONDS, seed=9))
    write_sound(own / "new.mp3", song(SECONDS, seed=9))
    write_sound(own / "new.ogg", song(SECONDS, seed=9)[RATE:])
    home.music.add(own, workers=1)
    assert Path(home.music.similar(own / "new.mp3", n=1)[0].attributes["path"]).parent != own
    (own / "new.flac").unlink()
    home.music.add(own, workers=1)
    assert {"new.mp3", "new.ogg"} in names(home.music.duplicates())


def test_what_people_decide_wins_and_stays(home: Nearfield, folder: Path) -> None:
    music = home.music
    music.different(folder / "one again.mp3", folder / "one.flac")
    groups = names(music.duplicates())
    assert all(not {"one again.mp3", "one.flac"} <= group for group in groups)
    music.same(folder / "other 3.ogg", folder / "other 4.ogg")
    report = music.duplicates()
    assert {"other 3.ogg", "other 4.ogg"} in names(report)
    decided = [one.tie.relation for group in report.groups for one in group.members]
    assert "decided" in decided
    shown = {Path(one.attributes["path"]).name for one in music.similar(folder / "two.ogg", n=9)}
    assert len(shown & {"other 3.ogg", "other 4.ogg"}) == 1
    music.add(folder, workers=1, again=True)  # listened to anew, and compared anew
    assert {"other 3.ogg", "other 4.ogg"} in names(music.duplicates())
    assert all(not {"one again.mp3", "one.flac"} <= one for one in names(music.duplicates()))
    music.forget(folder / "one again.mp3", folder / "one.flac")
    music.forget(folder / "other 3.ogg", folder / "other 4.ogg")
    assert names(music.duplicates()) == [ONE, TWO]


def test_versions_are_shown_once_unless_all_are_asked_for(home: Nearfield, folder: Path) -> None:
    music = home.music
    music.same(folder / "other 3.ogg", folder / "other 4.ogg", version=True)
    assert names(music.duplicates()) == [ONE, TWO]
    assert {"other 3.ogg", "other 4.ogg"} in names(music.versions())
    both = {"other 3.ogg", "other 4.ogg"}
    one = {Path(found.attributes["path"]).name for found in music.similar(folder / "one.flac")}
    every = {
        Path(found.attributes["path"]).name
        for found in music.similar(folder / "one.flac", versions="all")
    }
    assert len(one & both) == 1
    assert both <= every
    assert len(every & TWO) == 1


def test_a_decision_needs_two_songs_of_the_library(home: Nearfield, folder: Path) -> None:
    with pytest.raises(InvalidInput, match="are the same song already"):
        home.music.same(folder / "two.ogg", folder / "two.ogg")
    with pytest.raises(NotFound, match="'nothing' is neither the id of a song"):
        home.music.different(folder / "two.ogg", "nothing")


def test_another_threshold_changes_the_report_alone(home: Nearfield) -> None:
    strict = home.music.duplicates(threshold=0.97)
    assert strict.threshold == 0.97
    assert sum(map(len, names(strict))) < len(ONE | TWO)
    assert names(home.music.duplicates()) == [ONE, TWO]
    with pytest.raises(InvalidInput, match=r"threshold is 1\.5"):
        home.music.duplicates(threshold=1.5)


def test_a_clip_is_recognized_with_its_place(home: Nearfield, tmp_path: Path) -> None:
    clip = write_sound(tmp_path / "clip.ogg", song(SECONDS, seed=4)[round(6.4 * RATE) :][:200_000])
    found = home.music.identify(clip)
    assert [Path(one.path).name for one in found.matches] == ["other 4.ogg"]
    assert found.matches[0].tie.offset == pytest.approx(6.4, abs=0.2)
    stranger = write_sound(tmp_path / "stranger.ogg", song(12.0, seed=77))
    assert not home.music.identify(stranger).matches
    copied = write_sound(tmp_path / "copied.ogg", song(SECONDS, seed=1)[RATE * 5 :][:220_500])
    assert Path(home.music.identify(copied).matches[0].path).name == "one.flac"  # the best copy
    with pytest.raises(NotFound, match="is no file"):
        home.music.identify(tmp_path / "nothing.ogg")


def test_a_command_recognizes_a_clip_and_loads_nothing_heavy(
    home: Nearfield, folder: Path, tmp_path: Path
) -> None:
    clip = str(folder / "one clip.ogg")
    assert home.music.identify(clip).matches  # all loops are compiled by now
    program = (
        "import sys\nfrom nearfield.cli.main import app\n"
        f"app(sys.argv[1:], standalone_mode=False)\nprint({HEAVY!r} & sys.modules.keys())"
    )
    command = [sys.executable, "-c", program, "--home", str(tmp_path / "home"), "music", "identify"]
    done = subprocess.run([*command, clip], capture_output=True, text=True, check=True)
    assert "one.flac" in done.stdout
    assert done.stdout.splitlines()[-1] == "set()"


def test_clips_are_recognized_without_milvus_and_after_the_index_is_lost(
    home: Nearfield, folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "home" / "milvus.db").rename(tmp_path / "milvus away.db")
    index = index_folder(home.stores, home.stores.catalogue("songs"))
    shutil.rmtree(index)
    assert home.music.identify(folder / "two.ogg").matches
    for file in index.glob("*"):
        file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    assert home.music.identify(folder / "two.ogg").matches


def test_what_a_kill_left_uncompared_is_compared_when_asked(home: Nearfield) -> None:
    catalogue = home.stores.catalogue("songs")
    keys = catalogue.sounds.present()
    catalogue.pairs.replace_for(DUPLICATE, "another method", {key: [] for key in keys.tolist()})
    catalogue.pairs.set_groups(DUPLICATE, {})
    assert len(catalogue.prints.unchecked(DUPLICATE, METHOD)) == len(keys)
    assert names(home.music.duplicates()) == [ONE, TWO]
    assert not len(catalogue.prints.unchecked(DUPLICATE, METHOD))


@pytest.fixture
def movable(tmp_path: Path) -> Iterator[tuple[Nearfield, Path]]:
    """A home whose files may be moved."""
    folder = tmp_path / "music"
    (folder / "deep").mkdir(parents=True)
    write_sound(folder / "best.flac", song(SECONDS, seed=1))
    write_sound(folder / "deep" / "worse.mp3", song(SECONDS, seed=1))
    write_sound(folder / "clip.ogg", song(SECONDS, seed=1)[5 * RATE : 15 * RATE])
    shutil.copy(folder / "best.flac", folder / "twin.flac")
    write_sound(folder / "other.ogg", song(SECONDS, seed=3))
    with Nearfield(tmp_path / "home") as home:
        home.music.add(folder, workers=1, separation="none")
        yield home, folder


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_copies_are_moved_away_and_nothing_is_lost(
    movable: tuple[Nearfield, Path], tmp_path: Path
) -> None:
    home, folder = movable
    before = files(folder)
    told = home.music.clean()
    assert told.dry_run
    away = tmp_path / "away"
    assert home.music.clean(away, dry_run=True).dry_run
    assert files(folder) == before
    assert not away.exists()
    (away / "deep").mkdir(parents=True)
    (away / "deep" / "worse.mp3").write_bytes(b"somebody's")
    done = home.music.clean(away)
    assert not done.faults
    kept = "best.flac" if (folder / "best.flac").exists() else "twin.flac"
    assert files(folder) == {kept, "clip.ogg", "other.ogg"}
    moved = files(away) - {"moved.jsonl"}
    assert moved == {"deep/worse.mp3", "deep/worse (2).mp3", *({"best.flac", "twin.flac"} - {kept})}
    assert (away / "deep" / "worse.mp3").read_bytes() == b"somebody's"
    journal = [json.loads(line) for line in (away / "moved.jsonl").read_text().splitlines()]
    assert {line["from"] for line in journal} == {
        str(folder / name) for name in before - files(folder)
    }
    again = home.music.add(folder, workers=1)
    assert again.tally.added == again.tally.failed == 0
    assert names(home.music.duplicates()) == [{kept, "clip.ogg"}]
    with_clips = home.music.clean(away, excerpts=True)
    assert [move.source.name for move in with_clips.moves] == ["clip.ogg"]
    assert files(folder) == {kept, "other.ogg"}


def test_the_commands_answer_as_described(first: Path, folder: Path, tmp_path: Path) -> None:
    shutil.copytree(first, tmp_path / "home")

    def run(*words: str) -> str:
        done = CliRunner().invoke(app, ["--home", str(tmp_path / "home"), "music", *words])
        assert done.exit_code == 0, done.output
        return done.stdout

    report = json.loads(run("duplicates", "--json"))
    assert [Path(one["canonical"]["path"]).name for one in report["groups"]] == [
        "one.flac",
        "two fast.flac",
    ]
    wanted = {"item", "path", "similarity", "offset", "overlap", "speed", "semitones", "relation"}
    assert all(wanted <= one.keys() for group in report["groups"] for one in group["members"])
    assert report["groups"][0]["members"][0] == report["groups"][0]["canonical"]
    told = run("duplicates")
    assert "one again" in told
    assert "excerpt, begins at 0:08.3" in told
    assert json.loads(run("versions", "--json"))["groups"] == []
    three, four = (str(folder / f"other {number}.ogg") for number in (3, 4))
    assert "are the same recording" in run("same", three, four)
    assert "are versions of one song" in run("same", "--version", three, four)
    assert "are different songs" in run("different", three, four)
    assert "Nothing is decided" in run("different", "--forget", three, four)
    found = json.loads(run("identify", str(folder / "one clip.ogg"), "--json"))
    assert Path(found["matches"][0]["path"]).name == "one.flac"
    assert found["matches"][0]["offset"] == pytest.approx(8.3, abs=0.2)
    assert "one.flac" in run("identify", str(folder / "one clip.ogg"))
    cleaned = json.loads(run("clean", "--json"))
    assert cleaned["dry_run"] is True
    assert {Path(move["from"]).name for move in cleaned["moves"]} == (ONE | TWO) - {
        "one.flac",
        "two fast.flac",
        "one clip.ogg",
    }
    assert {path.name for path in folder.iterdir()} == ONE | TWO | ALONE


def test_similarities_are_those_of_the_alignment_that_is_told(home: Nearfield) -> None:
    report = home.music.duplicates()
    for group in report.groups:
        for one in group.members[1:]:
            assert 0 < one.tie.similarity <= 1
            assert 0 < one.tie.overlap <= SECONDS + 1
            assert np.isfinite(one.tie.offset)


def test_fingerprints_are_printed_for_acoustid(first: Path, folder: Path, tmp_path: Path) -> None:
    shutil.copytree(first, tmp_path / "home")
    command = ["--home", str(tmp_path / "home"), "music", "fingerprint"]
    kept = CliRunner().invoke(app, [*command, str(folder / "two.ogg"), "--json"])
    assert kept.exit_code == 0, kept.output
    told = json.loads(kept.stdout)
    assert told["duration"] == pytest.approx(SECONDS, abs=0.1)
    assert len(from_text(told["fingerprint"])) > SECONDS * 7
    (tmp_path / "strange.ogg").write_bytes((folder / "two.ogg").read_bytes())
    fresh = ["--home", str(tmp_path / "empty"), *command[2:], str(tmp_path / "strange.ogg")]
    heard = CliRunner().invoke(app, fresh)
    assert heard.stdout.splitlines() == ["DURATION=24", f"FINGERPRINT={told['fingerprint']}"]
    none = CliRunner().invoke(app, [*command, "nothing.ogg"])
    assert none.exit_code == 1
    assert "neither a song of the library nor a file" in none.stderr


def test_a_deleted_song_leaves_its_group_and_the_index(home: Nearfield) -> None:
    catalogue = home.stores.catalogue("songs")
    report = home.music.duplicates()
    best = report.groups[0].members[0].item
    done = forget_items(home.stores, "songs", [best])
    assert {"sound", "sound-parts"} <= set(done.spaces)
    assert done.rows["sounds"] == done.rows["sound_files"] == 1
    report = home.music.duplicates()
    assert best not in {one.item for group in report.groups for one in group.members}
    assert sorted(len(group.members) for group in report.groups) == [len(TWO), len(ONE) - 1]
    for kind in ("fingerprints", "chromaprints"):
        index = FingerprintIndex.open(index_folder(home.stores, catalogue, kind))
        assert set(index.held()[0].tolist()) == set(catalogue.all_item_keys().tolist())
