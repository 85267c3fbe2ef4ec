"""The network of the encoder: a window of cepstrum in, one vector out."""

from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from nearfield.sound.encoder_config import EncoderConfig

_LEAST_VARIANCE: Final = 1e-5


class CepstrumNetwork(nn.Module):
    """Residual convolutions over time, pooled to mean, deviation and maximum of each channel.

    The level is taken out of each window, so that a song may be as loud as it likes.

    Parameters
    ----------
    config : EncoderConfig
        Sizes.
    """

    mean: Tensor
    scale: Tensor

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        inputs, channels = config.cepstrum.coefficients, config.channels
        self.register_buffer("mean", torch.zeros(inputs))
        self.register_buffer("scale", torch.ones(inputs))
        self.stem = nn.Sequential(
            nn.Conv1d(inputs, channels, 5, stride=2, padding=2, bias=False),
            nn.BatchNorm1d(channels),
            nn.ReLU(),
        )
        self.blocks = nn.Sequential(*(_Block(channels, wide) for wide in config.dilations))
        self.head = nn.Sequential(
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
        normal = (centred - self.mean) / self.scale
        heard = self.blocks(self.stem(normal.transpose(1, 2))).float()  # (windows, channels, time)
        deviation = (heard.var(2, correction=0) + _LEAST_VARIANCE).sqrt()
        pooled = torch.cat([heard.mean(2), deviation, heard.amax(2)], dim=1)
        return F.normalize(self.head(pooled).float(), dim=1)


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
