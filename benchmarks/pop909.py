"""Songs of POP909 (MIT licence) played twice: as they are, and as somebody else would play them.

POP909 has pop songs as MIDI with the tracks MELODY, BRIDGE and PIANO, and other arrangements of
each under `versions/` (Wang et al., "POP909: A Pop-song Dataset for Music Arrangement
Generation", ISMIR 2020, https://arxiv.org/abs/2008.07142). Take 0 of a song is its main file.
Every other take is another arrangement in another key, at another and not quite steady tempo, a
little out of tune, on other instruments, begun elsewhere, as a rule with the piano's part rewritten
or a part left out, and at times with a stretch cut out of the middle. Even takes are played by
fluidsynth with one sound font, odd ones by this project's own player with another. The same number
and take give the same sound on one machine. Reads and writes files, runs fluidsynth.
"""

import random
import subprocess
import tarfile
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import soundfile

from midi_files import DRUMS, Played, Track, read_midi, write_midi
from nearfield.sound.demo.sound_font import SoundFont, sound_of
from nearfield.sound.waveform import RATE, Waveform

LARGE_FONT = Path("/usr/share/sounds/sf2/FluidR3_GM.sf2")
SECONDS = 100.0
LEADS = (73, 65, 40, 52, 22, 80, 56, 11)
BACKINGS = (0, 4, 24, 25, 48, 46, 6, 89, 27)
"""Programs of General MIDI, counted from 0."""

ROLES = ("MELODY", "BRIDGE", "PIANO")

TRAINING, VALIDATION, TEST = range(1, 331), range(331, 401), range(401, 701)
"""Numbers of songs; what is measured comes from the last, what is chosen from the others."""

Notes = tuple[Played, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """How one take is played.

    Parameters
    ----------
    file : str
        Below the song's folder.
    programs : (int, int, int)
        Of melody, bridge and piano.
    semitones : int
        Up from the score.
    cents : float
        Out of tune.
    speed : float
        Of the score.
    begin, cut, rest : float
        Seconds of the score: where it begins; from where on so many are left out.
    without : str
        Name of the track that is left out, "" for none.
    texture : str
        What is made of the piano's part: "written", "chords" or "broken".
    drums : bool
        Whether there are any.
    """

    file: str
    programs: tuple[int, int, int]
    semitones: int = 0
    cents: float = 0.0
    speed: float = 1.0
    begin: float = 0.0
    cut: float = 0.0
    rest: float = 0.0
    without: str = ""
    texture: str = "written"
    drums: bool = False


def unpack(archive: Path, folder: Path) -> Path:
    """Return the folder that holds the songs: `archive` itself, or what is in it."""
    if archive.is_dir():
        return archive
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data")
    return folder


def make_plan(root: Path, number: int, take: int) -> Plan:
    """Draw how a take is played."""
    draw = random.Random(f"{number}/{take}")
    lead, second = draw.choice(LEADS), draw.choice(LEADS)
    programs = (lead, second, draw.choice(BACKINGS))
    main = f"{number:03}.mid"
    if take == 0:
        return Plan(main, programs, drums=draw.random() < 0.5)
    others = sorted(path.name for path in (root / f"{number:03}" / "versions").glob("*.mid"))
    without = draw.choice(("BRIDGE", "MELODY", "", "", ""))
    return Plan(
        file=f"versions/{others[-1 - take % len(others)]}" if others else main,
        programs=programs,
        semitones=draw.choice((-5, -4, -3, -2, -1, 1, 2, 3, 4, 5)),
        cents=draw.uniform(-30, 30),
        speed=draw.uniform(0.85, 1.15),
        begin=draw.choice((0.0, 0.0, 8.0, 15.0)),
        cut=draw.uniform(40, 60),
        rest=draw.choice((0.0, 0.0, draw.uniform(8, 20))),
        without=without,
        # chords that are neither played as written nor sung over may be of any song
        texture="written" if without == "MELODY" else draw.choice(("written", "chords", "broken")),
        drums=draw.random() < 0.5,
    )


def arranged(root: Path, number: int, take: int) -> tuple[Plan, list[Track]]:
    """Return the plan of a take and what is played, in seconds."""
    plan = make_plan(root, number, take)
    *tracks, beats = read_midi((root / f"{number:03}" / plan.file).read_bytes())
    if len(tracks) < len(ROLES):  # some of the others lack a part
        *tracks, beats = read_midi((root / f"{number:03}" / f"{number:03}.mid").read_bytes())
    draw = random.Random(f"notes of {number}/{take}")
    played = []
    # some call their tracks otherwise, but all have them in this order
    for role, track, program in zip(ROLES, tracks[-3:], plan.programs, strict=True):
        notes = track.notes
        if role == plan.without:
            continue
        if role == "PIANO" and plan.texture != "written":
            notes = rewritten(notes, beats.notes, plan.texture == "broken")
        moved = _moved(_cut(notes, plan), plan, plan.semitones, draw)
        played.append(Track(role, program, tuple(moved)))
    if plan.drums:
        hits = _moved(_cut(_drums(beats.notes), plan), plan, 0, draw)
        played.append(Track("DRUMS", DRUMS, tuple(hits)))
    return plan, played


def rewritten(notes: Notes, beats: Notes, broken: bool) -> Notes:
    """Return the chords of each two beats, held or broken, in the middle of the keyboard."""
    found: list[Played] = []
    starts, ends, pitches, _ = np.array(notes).T
    for first, second in zip(beats[::2], beats[1::2], strict=False):
        start, length = first.start, second.end - first.start
        inside = np.minimum(ends, second.end) - np.maximum(starts, start)
        heard = inside > 0.05
        if not heard.any():
            continue
        sounding = pitches[heard].astype(int)
        share = np.bincount(sounding % 12, inside[heard], 12)
        keys = [36 + int(sounding.min()) % 12]
        keys += [52 + (int(one) - 52) % 12 for one in np.argsort(-share)[:3] if share[one] > 0.1]
        for place, key in enumerate(keys):
            begin = start + (length * place / len(keys) if broken else 0.0)
            found.append(Played(begin, second.end, key, 80))
    return tuple(found)


def _drums(beats: Notes) -> Notes:
    """Return kick and snare in turn, each followed by a hi-hat."""
    found: list[Played] = []
    for place, (start, end, _, _) in enumerate(beats):
        found.append(Played(start, start + 0.1, 38 if place % 2 else 36, 80))
        found.append(Played((start + end) / 2, end, 42, 70))
    return tuple(found)


def _cut(notes: Notes, plan: Plan) -> list[Played]:
    """Leave out what comes before the beginning, and a stretch of the middle."""
    kept = []
    for start, end, key, velocity in notes:
        start, end = start - plan.begin, end - plan.begin
        if start < 0 or plan.cut <= start < plan.cut + plan.rest:
            continue
        later = plan.rest if start >= plan.cut else 0.0
        kept.append(Played(start - later, end - later, key, velocity))
    return kept


def _moved(notes: list[Played], plan: Plan, semitones: int, draw: random.Random) -> list[Played]:
    """Change key and speed; the tempo sways by 3 % where the speed is not the score's."""
    sway = 0.03 if plan.speed != 1 else 0.0
    found = []
    for start, end, key, velocity in notes:
        # the integral of a speed that goes up and down within 25 s
        begin, stop = (
            (time + sway * 4 * np.sin(time / 4)) / plan.speed + 0.05 for time in (start, end)
        )
        begin = max(0.0, begin + draw.gauss(0, 0.008))
        if begin < SECONDS:
            velocity = min(max(round(velocity * draw.uniform(0.8, 1.1)), 20), 120)
            key = min(max(key + semitones, 0), 127)
            found.append(Played(begin, max(stop, begin + 0.1), key, velocity))
    return sorted(found)


def shared_melody(root: Path, number: int, other: int, length: int = 8) -> float:
    """Return which share of a song's melody, in steps of `length` intervals, is another's too.

    POP909 has some songs twice: these are versions, though they have two numbers.
    """
    runs = []
    for song in (number, other):
        melody = read_midi((root / f"{song:03}" / f"{song:03}.mid").read_bytes())[0].notes
        steps = np.diff([note.key for note in melody]).tolist()
        runs.append([tuple(steps[at : at + length]) for at in range(len(steps) - length)])
    known = set(runs[1])
    return sum(run in known for run in runs[0]) / max(1, len(runs[0]))


class Stage:
    """Plays takes.

    Parameters
    ----------
    root : Path
        Folder of the songs.
    large, small : Path
        Sound fonts of even and of odd takes.
    """

    def __init__(self, root: Path, large: Path, small: Path) -> None:
        self._root, self._large = root, large
        self._small = SoundFont(small)

    def play(self, number: int, take: int) -> Waveform:
        """Return a take's sound at `RATE`, at most `SECONDS` long."""
        plan, tracks = arranged(self._root, number, take)
        sound = self._by_fluidsynth(tracks) if take % 2 == 0 else self._by_ourselves(tracks, plan)
        sound = sound[: round(SECONDS * RATE)]
        return (0.7 / max(float(np.abs(sound).max()), 1e-6) * sound).astype(np.float32)

    def _by_fluidsynth(self, tracks: list[Track]) -> Waveform:
        with TemporaryDirectory() as folder:
            score, target = Path(folder) / "song.mid", Path(folder) / "song.wav"
            write_midi(tracks, score)
            command = ["fluidsynth", "-niq", "-r", str(RATE), "-g", "0.6", "-F", str(target)]
            subprocess.run(
                [*command, str(self._large), str(score)], check=True, capture_output=True
            )
            sound: Waveform = soundfile.read(target, dtype="float32")[0].mean(axis=1)
        return sound

    def _by_ourselves(self, tracks: list[Track], plan: Plan) -> Waveform:
        sound = np.zeros(round((SECONDS + 4) * RATE), dtype=np.float32)
        rate = round(RATE * 2 ** (plan.cents / 1200))
        for track in tracks:
            drums = track.program == DRUMS
            bank, program = (128, 0) if drums else (0, track.program)
            for note in track.notes:
                begin = round(note.start * RATE)
                seconds = note.end - note.start
                for zone in self._small.zones(bank, program, note.key, note.velocity):
                    one = sound_of(zone, note.key, note.velocity, seconds, rate)
                    one = one[: len(sound) - begin]
                    sound[begin : begin + len(one)] += one
        return sound
