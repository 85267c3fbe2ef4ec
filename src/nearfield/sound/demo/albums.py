"""What the demo plays: scores out of the corpus of music21, and on which instruments.

The corpus is for anyone to use, with a licence of its own for some pieces; nothing of it is part
of this package.
"""

from dataclasses import dataclass
from typing import Final

INSTRUMENTS: Final = {
    "piano": 0,
    "electric piano": 4,
    "harpsichord": 6,
    "vibraphone": 11,
    "church organ": 19,
    "accordion": 21,
    "nylon guitar": 24,
    "steel guitar": 25,
    "acoustic bass": 32,
    "synth bass": 38,
    "violin": 40,
    "viola": 41,
    "cello": 42,
    "synth strings": 50,
    "choir": 52,
    "oboe": 68,
    "bassoon": 70,
    "clarinet": 71,
    "piccolo": 72,
    "flute": 73,
    "recorder": 74,
    "saw lead": 81,
}
"""Programs of General MIDI, counted from 0."""

DRUMS: Final = "drums"
"""The kit: no program, but a bank of its own."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One score.

    Parameters
    ----------
    source : str
        File below the corpus; for one tune of a book, ``#`` and its number.
    title : str
        As the song's tag says.
    artist : str
        Of this song, where its album has none.
    """

    source: str
    title: str
    artist: str = ""


@dataclass(frozen=True, slots=True)
class Album:
    """Pieces that are played alike.

    Parameters
    ----------
    title, artist, genre : str
        Tags of all its songs.
    year : int
        When the music was written or collected.
    tempo : float
        Quarter notes in a minute.
    instruments : tuple of str
        Of the parts, first to last; the last one also plays all further parts.
    pieces : tuple of Piece
        In the order of the tracks.
    backing : tuple of (str, str)
        What is added, and its instrument; see `accompany.BACKINGS`.
    """

    title: str
    artist: str
    genre: str
    year: int
    tempo: float
    instruments: tuple[str, ...]
    pieces: tuple[Piece, ...]
    backing: tuple[tuple[str, str], ...] = ()


def _pieces(text: str) -> tuple[Piece, ...]:
    """Read one piece a line: file | title, and the artist where it has one."""
    lines = (line.split(" | ") for line in text.strip().splitlines())
    return tuple(Piece(*(part.strip() for part in line)) for line in lines)


_BACH: Final = "Johann Sebastian Bach"

ALBUMS: Final = (
    Album(
        "Chorales at the Organ", _BACH, "Chorale", 1735, 66, ("church organ",),
        _pieces("""
            bach/bwv269.mxl | Aus meines Herzens Grunde
            bach/bwv244.44.mxl | O Haupt voll Blut und Wunden
            bach/bwv260.mxl | Allein Gott in der Höh sei Ehr
            bach/bwv270.mxl | Befiehl du deine Wege
            bach/bwv281.mxl | Christus, der ist mein Leben
            bach/bwv244.3.mxl | Herzliebster Jesu
            bach/bwv416.mxl | Vater unser im Himmelreich
            bach/bwv104.6.mxl | Der Herr ist mein getreuer Hirt
        """),
    ),
    Album(
        "Chorales at the Harpsichord", _BACH, "Chorale", 1735, 72, ("harpsichord",),
        _pieces("""
            bach/bwv253.mxl | Ach bleib bei uns, Herr Jesu Christ
            bach/bwv26.6.mxl | Ach wie nichtig, ach wie flüchtig
            bach/bwv262.mxl | Alle Menschen müssen sterben
            bach/bwv86.6.mxl | Es ist das Heil uns kommen her
            bach/bwv133.6.mxl | Ich freue mich in dir
            bach/bwv177.5.mxl | Ich ruf zu dir, Herr Jesu Christ
            bach/bwv87.7.mxl | Jesu, meine Freude
            bach/bwv194.12.mxl | Nun lasst uns Gott, dem Herren
        """),
    ),
    Album(
        "Chorales for Machines", _BACH, "Electronic", 1735, 96,
        ("saw lead", "synth strings", "synth strings", "synth bass"),
        _pieces("""
            bach/bwv252.mxl | Nun danket alle Gott
            bach/bwv404.mxl | O Traurigkeit, o Herzeleid
            bach/bwv180.7.mxl | Schmücke dich, o liebe Seele
            bach/bwv115.6.mxl | Straf mich nicht in deinem Zorn
            bach/bwv248.23-2.mxl | Vom Himmel hoch, da komm ich her
            bach/bwv419.mxl | Von Gott will ich nicht lassen
            bach/bwv144.3.mxl | Was Gott tut, das ist wohlgetan
            bach/bwv436.mxl | Wie schön leuchtet der Morgenstern
        """),
        (("drums", "drums"),),
    ),
    Album(
        "Madrigals for Choir", "Claudio Monteverdi", "Madrigal", 1603, 120, ("choir",),
        _pieces("""
            monteverdi/madrigal.4.1.mxl | Ah dolente partita
            monteverdi/madrigal.4.2.mxl | Cor mio, mentre vi miro
            monteverdi/madrigal.4.3.mxl | Cor mio, non mori
            monteverdi/madrigal.4.4.mxl | Sfogava con le stelle
            monteverdi/madrigal.4.10.mxl | Voi pur da me partite
            monteverdi/madrigal.4.12.mxl | Ohimè, se tanto amate
            monteverdi/madrigal.4.16.mxl | Sì ch'io vorrei morire
            monteverdi/madrigal.4.20.mxl | Piagn'e sospira
        """),
    ),
    Album(
        "Songs of the Trecento", "", "Medieval", 1375, 100,
        ("recorder", "nylon guitar", "nylon guitar"),
        _pieces("""
            trecento/PMFC_04-Cara mi donna.xml | Cara mi donna | Francesco Landini
            trecento/PMFC_04-Quanto piu caro.xml | Quanto più caro fay | Francesco Landini
            trecento/PMFC_04-Si dolce non sono.xml | Sì dolce non sonò | Francesco Landini
            trecento/PMFC_06-Jacopo-01-Aquila-Altera.xml | Aquila altera | Jacopo da Bologna
            trecento/PMFC_06-Jacopo-02-Con-Gran-Furor.xml | Con gran furor | Jacopo da Bologna
            trecento/PMFC_06_Piero_1-All_onbra d_un perlato.xml | All'ombra | Maestro Piero
            trecento/PMFC_06_Giovanni-07_In_Sulla_Ripa.xml | In sulla ripa | Giovanni da Cascia
            trecento/PMFC_06_Piero_2-Chavalcando.xml | Cavalcando | Maestro Piero
        """),
    ),
    Album(
        "String Quartets", "Wolfgang Amadeus Mozart", "Classical", 1772, 112,
        ("violin", "violin", "viola", "cello"),
        _pieces("""
            mozart/k155/movement1.mxl | Quartet in D, K. 155: Allegro
            mozart/k155/movement2.mxl | Quartet in D, K. 155: Andante
            mozart/k155/movement3.mxl | Quartet in D, K. 155: Molto allegro
            mozart/k156/movement1.mxl | Quartet in G, K. 156: Presto
            mozart/k156/movement3.mxl | Quartet in G, K. 156: Adagio
            mozart/k156/movement4.mxl | Quartet in G, K. 156: Tempo di menuetto
            mozart/k80/movement2.mxl | Quartet in G, K. 80: Allegro
            mozart/k80/movement4.mxl | Quartet in G, K. 80: Rondeau
        """),
    ),
    Album(
        "Quartets for Winds", "Joseph Haydn", "Classical", 1793, 112,
        ("flute", "oboe", "clarinet", "bassoon"),
        _pieces("""
            haydn/opus1no1/movement1.mxl | Quartet in B flat, Op. 1/1: Presto
            haydn/opus1no1/movement2.mxl | Quartet in B flat, Op. 1/1: Menuetto
            haydn/opus1no1/movement3.mxl | Quartet in B flat, Op. 1/1: Adagio
            haydn/opus1no1/movement4.mxl | Quartet in B flat, Op. 1/1: Second menuetto
            haydn/opus1no1/movement5.mxl | Quartet in B flat, Op. 1/1: Finale
            haydn/opus74no1/movement1.mxl | Quartet in C, Op. 74/1: Allegro moderato
            haydn/opus74no1/movement2.mxl | Quartet in C, Op. 74/1: Andantino
            haydn/opus74no1/movement3.mxl | Quartet in C, Op. 74/1: Menuetto
        """),
    ),
    Album(
        "Parlour Piano", "", "Piano", 1865, 104, ("piano",),
        _pieces("""
            schumann_clara/polonaise_op1n1.mxl | Polonaise, Op. 1/1 | Clara Schumann
            schumann_clara/polonaise_op1n2.mxl | Polonaise, Op. 1/2 | Clara Schumann
            schumann_clara/polonaise_op1n3.mxl | Polonaise, Op. 1/3 | Clara Schumann
            schumann_clara/polonaise_op1n4.mxl | Polonaise, Op. 1/4 | Clara Schumann
            joplin/maple_leaf_rag.mxl | Maple Leaf Rag | Scott Joplin
            cpebach/h186.mxl | Sonata in A, H. 186: Poco adagio | Carl Philipp Emanuel Bach
            mozart/k545/movement1_exposition.mxl | Sonata in C, K. 545 | Wolfgang Amadeus Mozart
        """),
    ),
    Album(
        "Airs of Ireland", "Traditional, Ireland", "Folk", 1850, 92, ("flute",),
        _pieces("""
            oneills1850/0051-0100.abc#51 | Little Brother of My Heart
            oneills1850/0051-0100.abc#52 | The Castle of Dromore
            oneills1850/0051-0100.abc#58 | The Parting Glass
            oneills1850/0051-0100.abc#60 | Shule Aroon
            oneills1850/0051-0100.abc#70 | The Little Black Rose
            oneills1850/0051-0100.abc#72 | The Little Red Lark
            oneills1850/0051-0100.abc#73 | The Dear Irish Boy
            oneills1850/0051-0100.abc#97 | Sleep On, My Kathleen Dear
        """),
        (("arpeggio", "steel guitar"),),
    ),
    Album(
        "Kitchen Reels", "Traditional, New England", "Folk", 1883, 112, ("violin",),
        _pieces("""
            ryansMammoth/FoxieMaryReel.abc | Foxie Mary
            ryansMammoth/MissCampbellsReel.abc | Miss Campbell's
            ryansMammoth/FromNightTillMornReel.abc | From Night Till Morn
            ryansMammoth/LordDalhousiesReel.abc | Lord Dalhousie's
            ryansMammoth/MyLoveIsFarAwayReel.abc | My Love Is Far Away
            ryansMammoth/ComeToYourTayReel.abc | Come to Your Tay
            ryansMammoth/MarquisOfBowmontReel.abc | Marquis of Bowmont
            ryansMammoth/RandyWifeOfGreenlawReel.abc | Randy Wife of Greenlaw
        """),
        (("vamp", "piano"),),
    ),
    Album(
        "Jigs at the Fair", "Traditional, Ireland", "Folk", 1850, 165, ("piccolo",),
        _pieces("""
            oneills1850/1001-1031.abc#1002 | Buttermilk Mary
            oneills1850/1001-1031.abc#1003 | The Connachtman's Rambles
            oneills1850/1001-1031.abc#1006 | Fishing for Eels
            oneills1850/1001-1031.abc#1009 | The Rambler from Clare
            oneills1850/1001-1031.abc#1015 | Mixing the Punch
            oneills1850/1001-1031.abc#1020 | The Lark in the Morning
            oneills1850/1001-1031.abc#1022 | The Humours of Drinagh
            oneills1850/1001-1031.abc#1031 | The Top of Cork Road
        """),
        (("vamp", "accordion"),),
    ),
    Album(
        "Old Songs, New Band", "Traditional, Germany", "Jazz", 1893, 132, ("vibraphone",),
        _pieces("""
            essenFolksong/altdeu10.abc#101 | Die Sonne ist verblichen
            essenFolksong/altdeu10.abc#175 | Das arme Mägdlein
            essenFolksong/altdeu10.abc#179 | Untreue
            essenFolksong/altdeu10.abc#185 | Liebeslied
            essenFolksong/altdeu10.abc#196 | Brautwerbung
            essenFolksong/altdeu10.abc#281 | Lasst uns fahrn nach Engelland zu
            essenFolksong/altdeu10.abc#294 | Der Fürstenberger
            essenFolksong/altdeu10.abc#299 | Fröhlich in Ehren
        """),
        (("chords", "electric piano"), ("bass", "acoustic bass"), ("drums", "drums")),
    ),
)  # fmt: skip
"""The whole demo: 95 songs that sound in twelve ways."""

LOVED: Final = ("Kitchen Reels", "String Quartets")
SKIPPED: Final = "Chorales for Machines"
"""Albums that the demo's listener plays again and again, and one that she skips."""

SHOWN: Final = ("Chorales at the Organ", "Airs of Ireland")
"""Albums of whose first songs the demo shows what sounds like them."""
