"""What `--on` says where it cannot be."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.test_without_torch import run_without
from music.library import make_song
from nearfield.cli.main import app
from sound.made_sounds import write_sound


def test_without_ray_it_says_what_to_install(tmp_path: Path) -> None:
    song = write_sound(tmp_path / "song.flac", make_song("Chords", 1))
    words = ("music", "add", str(song), "--separation", "none", "--on", "ray")
    done = run_without("ray", tmp_path / "home", *words)
    assert (done.returncode, done.stdout) == (1, "")
    assert "needs the package 'ray', which is not installed" in done.stderr
    assert "pip install 'nearfield[ray]'" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("words", [("music", "add", "."), ("publish",)])
def test_there_is_no_such_place(tmp_path: Path, words: tuple[str, ...]) -> None:
    done = CliRunner().invoke(app, ["--home", str(tmp_path / "home"), *words, "--on", "spark"])
    assert done.exit_code == 1
    assert (
        "bulk work cannot run on 'spark': wanted processes, ray, ray://HOST:PORT"
        in str(done.exception) + done.output
    )
    assert not (tmp_path / "home").exists()
