"""Makes songs whose stems are known: a band that plays MIDI, and speech that sings its melody.

    python tools/separation/make_stems.py --midi DIR --speech DIR --soundfont FILE --out DIR

`--midi` holds files with a track named MELODY, as POP909 has them; `--speech` one folder of
recordings for each speaker. Writes NAME.backing.flac and NAME.voice.flac, 22,050 Hz, one channel,
equal in length, which `train.py` reads. Stems from elsewhere only need such names.
"""

import argparse
import random
import sys
from pathlib import Path

import av
import numpy as np
import pretty_midi
import soundfile
import soxr
from backing import RATE, Band, arrange
from scipy.signal import oaconvolve
from singing import RATE as SPEECH_RATE
from singing import Note, Voice, Wave, listen, sing

SPEECH_SECONDS = 100


def read_speech(path: Path) -> Wave:
    """Decode a recording to one channel at the rate of speech."""
    with av.open(str(path)) as container:
        resampler = av.AudioResampler("flt", "mono", SPEECH_RATE)
        frames = [
            out.to_ndarray()[0]
            for frame in container.decode(audio=0)
            for out in resampler.resample(frame)
        ]
    return np.concatenate(frames).astype(np.float32) if frames else np.zeros(0, dtype=np.float32)


def recordings(folder: Path, rng: random.Random) -> list[Wave]:
    """Draw enough of a speaker's recordings, at equal loudness."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    rng.shuffle(files)
    found, seconds = [], 0.0
    for path in files:
        wave = read_speech(path)
        level = float(np.sqrt((wave**2).mean())) if len(wave) else 0.0
        if 0.7 < len(wave) / SPEECH_RATE < 15 and level > 1e-3:
            found.append(wave * (0.1 / level))
            seconds += len(wave) / SPEECH_RATE
        if seconds > SPEECH_SECONDS:
            break
    return found


def melody(midi: pretty_midi.PrettyMIDI, start: float, seconds: float, shift: float) -> list[Note]:
    """Return the notes of MELODY from `start` on, one at a time."""
    notes = next(track.notes for track in midi.instruments if track.name == "MELODY")
    notes = sorted((note for note in notes if note.start >= start), key=lambda note: note.start)
    found: list[Note] = []
    for note, following in zip(notes, [*notes[1:], None], strict=True):
        end = note.end if following is None else min(note.end, following.start)
        if note.start - start >= seconds:
            break
        if end - note.start > 0.05:
            found.append((note.start - start, min(end - start, seconds), note.pitch + shift))
    return found


def in_range(notes: list[Note], low: float) -> list[Note]:
    """Move a melody by octaves so that it lies within an octave and a half above `low`."""
    middle = float(np.mean([pitch for _, _, pitch in notes]))
    octaves = -np.floor((middle - low - 3) / 12)
    return [(start, end, pitch + 12 * octaves) for start, end, pitch in notes]


def add_air(wave: Wave, rng: np.random.Generator) -> Wave:
    """Resample to `RATE`, and fill the octave that speech lacks with noise from its hiss."""
    wide = soxr.resample(wave, SPEECH_RATE, RATE)
    spectrum = np.fft.rfft(wide)
    hertz = np.fft.rfftfreq(len(wide), 1 / RATE)
    hiss = np.abs(np.fft.irfft(spectrum * ((hertz > 4000) & (hertz < 7000)), len(wide)))
    envelope = oaconvolve(hiss, np.hanning(220) / 110, mode="same")
    air = np.fft.rfft(rng.normal(size=len(wide)) * envelope) * (hertz > 6800)
    return (wide + rng.uniform(0.2, 1.0) * np.fft.irfft(air, len(wide))).astype(np.float32)


def in_a_room(wave: Wave, rng: np.random.Generator) -> Wave:
    """Add an echo, a reverberation, a second voice: what a producer adds."""
    seconds = rng.uniform(0.2, 2.2)
    count = int(seconds * RATE)
    tail = rng.normal(size=count) * np.exp(-6.9 * np.arange(count) / count)
    tail = oaconvolve(tail, np.hanning(int(rng.integers(3, 12))), mode="same")
    tail *= rng.choice([0.0, 0.1, 0.2, 0.35, 0.6]) / np.sqrt((tail**2).sum())
    delay = int(rng.uniform(0, 0.04) * RATE)
    response = np.r_[1.0, np.zeros(delay), tail]
    wet = oaconvolve(wave, response)[: len(wave)]
    if rng.random() < 0.2:
        echo = int(rng.uniform(0.15, 0.5) * RATE)
        wet[echo:] += rng.uniform(0.1, 0.35) * wave[:-echo]
    return wet.astype(np.float32)


def performance(voice: Voice, notes: list[Note], seconds: float, rng: np.random.Generator) -> Wave:
    """Sing, at times in two voices, and put it into a room; peak 0.9."""
    wave = sing(voice, notes, seconds, rng)
    if rng.random() < 0.25:
        apart = float(rng.choice([0.0, 0.0, 3.0, 4.0, -12.0]))
        second = sing(voice, [(a, b, pitch + apart) for a, b, pitch in notes], seconds, rng)
        wave = wave + rng.uniform(0.3, 0.9) * second
    wave = np.tanh(wave / (3 * np.sqrt((wave**2).mean()) + 1e-9) * rng.uniform(0.3, 1.2))
    wet = in_a_room(add_air(wave.astype(np.float32), rng), rng)
    return (wet * 0.9 / (np.abs(wet).max() + 1e-9)).astype(np.float32)


def make(arguments: argparse.Namespace) -> None:
    """Write the songs one by one; those that are there are skipped."""
    band = Band(arguments.soundfont)
    pieces = sorted(arguments.midi.glob("*/*.mid"))[arguments.first : arguments.last]
    speakers = sorted(folder for folder in arguments.speech.iterdir() if folder.is_dir())
    arguments.out.mkdir(parents=True, exist_ok=True)
    chosen = random.Random(arguments.seed)
    for number in range(arguments.songs):
        rng = random.Random(arguments.seed * 100_003 + number)
        random_numbers = np.random.default_rng([arguments.seed, number])
        if number % arguments.turn == 0:
            speaker = speakers[(number // arguments.turn) % len(speakers)]
            voice = listen(recordings(speaker, chosen), chosen.uniform(0.84, 1.2))
            low = chosen.uniform(45, 60)
        path = chosen.choice(pieces)
        name = arguments.out / f"{arguments.seed}-{number:04d}-{path.stem}-{speaker.name}"
        midi = pretty_midi.PrettyMIDI(str(path))
        begins = min(note.start for note in midi.instruments[0].notes)
        start = rng.uniform(begins - 3, max(begins, midi.get_end_time() - arguments.seconds - 20))
        shift = rng.randint(-3, 3)
        notes = melody(midi, start, arguments.seconds, shift)
        if len(notes) < 10:
            continue
        played = band.play(*arrange(midi, start, arguments.seconds, shift, rng), arguments.seconds)
        sung = performance(voice, in_range(notes, low), arguments.seconds, random_numbers)
        length = min(len(played), len(sung))
        for stem, wave in (("backing", played), ("voice", sung)):
            soundfile.write(f"{name}.{stem}.flac", wave[:length], RATE, subtype="PCM_16")
        sys.stderr.write(f"{name.name}: {len(notes)} notes\n")


def main() -> None:
    """Read the arguments and make the songs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--midi", type=Path, required=True)
    parser.add_argument("--speech", type=Path, required=True)
    parser.add_argument("--soundfont", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--songs", type=int, default=200)
    parser.add_argument("--first", type=int, default=0, help="first of the MIDI files used")
    parser.add_argument("--last", type=int, default=None, help="first of those not used any more")
    parser.add_argument("--seconds", type=float, default=45.0)
    parser.add_argument("--turn", type=int, default=4, help="songs until the next speaker")
    parser.add_argument("--seed", type=int, default=0)
    make(parser.parse_args())


if __name__ == "__main__":
    main()
