"""The settings of the encoder of sound, and of its training."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from nearfield.sound.augment import AugmentConfig
from nearfield.sound.cepstrum import CepstrumConfig


class EncoderConfig(BaseModel):
    """Everything needed to rebuild an encoder; saved as JSON beside its weights."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    cepstrum: CepstrumConfig = CepstrumConfig()
    seconds: Annotated[float, Field(gt=0, description="length of a window")] = 5.0
    step: Annotated[float, Field(gt=0, description="seconds from a window to the next")] = 5.0
    most_windows: Annotated[int, Field(ge=1, description="of a song; longer ones step wider")] = 240
    filters: Annotated[int, Field(ge=4, description="over time and bands together")] = 32
    channels: Annotated[int, Field(ge=8, description="of the convolutions over time")] = 256
    dilations: Annotated[tuple[int, ...], Field(description="of each block, in steps")] = (1, 2, 4)
    hidden: Annotated[int, Field(ge=8, description="units behind the pooling")] = 512
    dropout: Annotated[float, Field(ge=0, lt=1, description="share of pooled units zeroed")] = 0.2
    learned: Annotated[int, Field(ge=8, description="numbers that the network gives")] = 128
    described: Annotated[int, Field(ge=4, description="coefficients that statistics are of")] = 20
    dim: Annotated[int, Field(ge=8, description="length of the vectors")] = 128


class SoundTrainingConfig(BaseModel):
    """How an encoder learns; the defaults are for refining one that is trained already."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    epochs: Annotated[int, Field(ge=1, description="passes over the songs")] = 8
    learning_rate: Annotated[float, Field(gt=0, description="the highest of the schedule")] = 3e-4
    weight_decay: Annotated[float, Field(ge=0, description="of matrices, decoupled")] = 0.05
    songs: Annotated[int, Field(ge=4, description="songs in a batch")] = 32
    views: Annotated[int, Field(ge=2, description="windows of each song in a batch")] = 2
    temperature: Annotated[float, Field(gt=0, description="divides cosines; less is sharper")] = 0.1
    contrast: Annotated[float, Field(ge=0, description="weight of telling songs apart")] = 0.2
    lesson: Annotated[float, Field(ge=0, description="weight of following the teacher")] = 1.0
    relations: Annotated[float, Field(ge=0, description="weight of the teacher's cosines")] = 5.0
    hard: Annotated[float, Field(ge=0, le=1, description="share of batches of like songs")] = 0.3
    held_out: Annotated[float, Field(gt=0, lt=0.5, description="songs that choose the epoch")] = 0.1
    least_songs: Annotated[int, Field(ge=8, description="fewer are refused")] = 50
    augment: AugmentConfig = AugmentConfig()
    seed: Annotated[int, Field(ge=0, description="of everything random")] = 0
