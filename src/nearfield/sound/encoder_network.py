"""The network of the encoder: a window of cepstrum in, one vector out."""

from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from nearfield.sound.augment import cosines
from nearfield.sound.encoder_config import EncoderConfig

_LEAST_VARIANCE: Final = 1e-5


class CepstrumNetwork(nn.Module):
    """Convolutions over time and bands, then over time, then pooling over time.

    Each coefficient is brought to the same scale, and the cosine transform is undone at as many
    bands as there are coefficients: a spectrum whose fine structure is lifted, in which a filter
    finds a chord or a drum at any pitch. The level is taken out of each window, so that a song
    may be as loud as it likes.

    Parameters
    ----------
    config : EncoderConfig
        Sizes.
    """

    mean: Tensor
    scale: Tensor
    bands: Tensor

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        inputs, filters, channels = config.cepstrum.coefficients, config.filters, config.channels
        self.register_buffer("mean", torch.zeros(inputs))
        self.register_buffer("scale", torch.ones(inputs))
        self.register_buffer("bands", cosines(inputs, inputs), persistent=False)
        self.front = nn.Sequential(
            _convolve(1, filters, 5, (2, 1)),
            _convolve(filters, 2 * filters, 3, (1, 2)),
            _convolve(2 * filters, 2 * filters, 3, (1, 2)),
        )
        heights = (inputs + 3) // 4  # what two strides of 2 leave of the bands
        self.stem = nn.Sequential(
            nn.Conv1d(2 * filters * heights, channels, 1, bias=False),
            nn.BatchNorm1d(channels),
            nn.ReLU(),
        )
        self.blocks = nn.Sequential(*(_Block(channels, wide) for wide in config.dilations))
        self.head = nn.Sequential(
            nn.Dropout(config.dropout),
            nn.Linear(3 * channels, config.hidden),
            nn.ReLU(),
            nn.Linear(config.hidden, config.learned),
        )

    def normalize_like(self, cepstra: Tensor) -> None:
        """Bring each coefficient to the scale that it has in a sample, shape (frames, inputs)."""
        self.mean.copy_(cepstra.mean(0))
        self.mean[0] = 0.0  # of the level, which is taken out
        self.scale.copy_(cepstra.std(0, correction=0).clamp(min=1e-3))

    def forward(self, cepstra: Tensor) -> Tensor:
        """Return unit vectors.

        Parameters
        ----------
        cepstra : float, shape (windows, frames, coefficients)
            As `cepstrum.mfcc` gives them.

        Returns
        -------
        Tensor, shape (windows, learned)
            Of length 1.
        """
        level = cepstra[:, :, :1].mean(dim=1, keepdim=True)
        centred = torch.cat([cepstra[:, :, :1] - level, cepstra[:, :, 1:]], dim=2)
        lifted = (centred - self.mean) / self.scale @ self.bands
        image = self.front(lifted[:, None])  # (windows, filters, time, heights)
        stacked = image.transpose(2, 3).flatten(1, 2)
        heard = self.blocks(self.stem(stacked)).float()  # (windows, channels, time)
        deviation = (heard.var(2, correction=0) + _LEAST_VARIANCE).sqrt()
        pooled = torch.cat([heard.mean(2), deviation, heard.amax(2)], dim=1)
        return F.normalize(self.head(pooled).float(), dim=1)


def _convolve(inputs: int, outputs: int, size: int, stride: tuple[int, int]) -> nn.Sequential:
    """Return a convolution over time and bands."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, size, stride=stride, padding=size // 2, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(),
    )


class _Block(nn.Module):
    """What three frames say together, added to what is known of the middle one."""

    def __init__(self, channels: int, dilation: int) -> None:
        super().__init__()
        self.change = nn.Sequential(
            nn.Conv1d(channels, channels, 3, padding=dilation, dilation=dilation, bias=False),
            nn.BatchNorm1d(channels),
            nn.ReLU(),
            nn.Conv1d(channels, channels, 1, bias=False),
            nn.BatchNorm1d(channels),
        )
        last = self.change[-1]
        assert isinstance(last, nn.BatchNorm1d)
        nn.init.zeros_(last.weight)  # each block changes nothing at first

    def forward(self, channels: Tensor) -> Tensor:
        """Keep the shape (windows, channels, time)."""
        return F.relu(channels + self.change(channels))
