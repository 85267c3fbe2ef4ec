"""Lets flite and espeak-ng speak syllables without a meaning: voices to sing with.

    python tools/separation/speak.py --out DIR

Both are free programs; what they say is not covered by their licences, and the words are made up.
"""

import argparse
import random
import subprocess
from pathlib import Path

FLITE = ("awb", "rms", "slt", "kal16")
ESPEAK = ("en+f2", "it+m3", "es+f4", "cmn+f1", "fr+m7", "ja+f3", "pl+m1", "pt+f5")
ONSETS = ("", "", "m", "n", "l", "r", "d", "b", "s", "sh", "t", "k", "f", "v", "h", "w", "y", "j")
VOWELS = ("a", "ee", "o", "oo", "ay", "ah", "eh", "oh", "ai", "ow")
CODAS = ("", "", "", "", "n", "ng", "m", "l", "s", "t")


def sentence(rng: random.Random) -> str:
    """Return a few words of made-up syllables."""
    words = [
        "".join(
            rng.choice(ONSETS) + rng.choice(VOWELS) + rng.choice(CODAS)
            for _ in range(rng.randint(1, 3))
        )
        for _ in range(rng.randint(4, 9))
    ]
    return " ".join(words)


def main() -> None:
    """Write one folder of sentences for each voice."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--sentences", type=int, default=60)
    arguments = parser.parse_args()
    rng = random.Random(0)
    for voice in (*FLITE, *ESPEAK):
        folder = arguments.out / voice.replace("+", "-")
        folder.mkdir(parents=True, exist_ok=True)
        for number in range(arguments.sentences):
            text, target = sentence(rng), str(folder / f"{number:03d}.wav")
            command = ["flite", "-voice", voice, "-t", text, "-o", target]
            if voice in ESPEAK:
                command = ["espeak-ng", "-v", voice, "-s", "140", "-w", target, text]
            subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
