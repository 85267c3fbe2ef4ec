"""Our own separator: a U-Net that says how much of each time and frequency is accompaniment.

It has the shape of one of Spleeter's networks [1]_, in the manner of Jansson et al. [2]_, at half
the sampling rate and a quarter of the weights: one channel instead of two, the accompaniment alone,
and where Spleeter has hundreds of channels, a linear map to those few combinations that matter
goes first (`squeezed`). It can therefore start from Spleeter's weights.

.. [1] Hennequin et al., "Spleeter: a fast and efficient music source separation tool with
   pre-trained models", JOSS 2020. https://doi.org/10.21105/joss.02154
.. [2] Jansson et al., "Singing voice separation with deep U-Net convolutional networks",
   ISMIR 2017.
"""

from typing import Annotated

import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor, nn
from torch.nn import functional as F

Sizes = Annotated[tuple[int, ...], Field(min_length=1)]


class MaskConfig(BaseModel):
    """Everything needed to rebuild the network; saved as JSON beside its weights.

    The first of each tuple is the first to be run; 0 in `squeezed` means as many as come.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    window: Annotated[int, Field(ge=64, description="samples of one spectrum")] = 2048
    hop: Annotated[int, Field(ge=16, description="samples from one spectrum to the next")] = 512
    downs: Annotated[
        Sizes,
        Field(description="channels of each level on the way down"),
    ] = (16, 32, 64, 128, 256, 128)
    down_squeezed: Annotated[
        Sizes,
        Field(description="channels that each level looks at"),
    ] = (0, 0, 0, 0, 0, 0)
    ups: Annotated[
        Sizes,
        Field(description="channels of each level on the way up"),
    ] = (256, 128, 64, 32, 16, 1)
    up_squeezed: Annotated[
        Sizes,
        Field(description="channels that each level looks at"),
    ] = (0, 256, 192, 0, 0, 0)
    seed: Annotated[int, Field(ge=0, description="of the first weights")] = 0

    @property
    def bins(self) -> int:
        """Bins of a spectrum without the highest, which has the mask of its neighbour."""
        return self.window // 2

    @property
    def frames(self) -> int:
        """Number of which the frames of one input have to be a multiple."""
        return int(2 ** len(self.downs))


class _Norm(nn.Module):
    """A gain and a shift of each channel."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.ones(channels, 1, 1))
        self.shift = nn.Parameter(torch.zeros(channels, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        return torch.addcmul(self.shift.to(x.dtype), x, self.gain.to(x.dtype))


class _Down(nn.Module):
    """Halves frames and bins: five by five, at every second place."""

    def __init__(self, inputs: int, squeezed: int, outputs: int) -> None:
        super().__init__()
        self.squeeze = nn.Conv2d(inputs, squeezed, 1) if squeezed else nn.Identity()
        self.conv = nn.Conv2d(squeezed or inputs, outputs, 5, stride=2)

    def forward(self, x: Tensor) -> Tensor:
        found: Tensor = self.conv(F.pad(self.squeeze(x), (1, 2, 1, 2)))
        return found


class _Up(nn.Module):
    """Doubles frames and bins: the transpose of `_Down`."""

    def __init__(self, inputs: int, squeezed: int, outputs: int) -> None:
        super().__init__()
        self.squeeze = nn.Conv2d(inputs, squeezed, 1) if squeezed else nn.Identity()
        self.conv: nn.Module = nn.ConvTranspose2d(squeezed or inputs, outputs, 5, 2, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        found: Tensor = self.conv(self.squeeze(x))
        return found[..., : 2 * x.shape[2], : 2 * x.shape[3]]

    def quicken(self) -> None:
        """Compute the four places between two of the input by one convolution of their own."""
        assert isinstance(self.conv, nn.ConvTranspose2d)
        kernel = self.conv.weight.detach()  # (inputs, outputs, 5, 5)
        inputs, outputs = kernel.shape[:2]
        # place 2j + p is the sum over d of input j - d times kernel 2d + p + 1
        wide = kernel.new_zeros(outputs, 2, 2, inputs, 3, 3)
        padded = F.pad(kernel, (1, 1, 1, 1))  # so that 2d + p + 2 is never outside
        for row in range(2):
            for column in range(2):
                for down in range(3):
                    for right in range(3):
                        at = 2 * (1 - down) + row + 2, 2 * (1 - right) + column + 2
                        wide[:, row, column, :, down, right] = padded[:, :, *at].T
        assert self.conv.bias is not None
        conv = nn.Conv2d(inputs, 4 * outputs, 3, padding=1)
        conv.weight.data = wide.reshape(4 * outputs, inputs, 3, 3)
        conv.bias = nn.Parameter(self.conv.bias.detach().repeat_interleave(4))
        self.conv = nn.Sequential(conv, nn.PixelShuffle(2))


class MaskNetwork(nn.Module):
    """Magnitudes in, the share of the accompaniment out; see the head of this file.

    Parameters
    ----------
    config : MaskConfig
        Sizes, and the seed of the first weights.
    """

    def __init__(self, config: MaskConfig) -> None:
        super().__init__()
        self.config = config
        levels = len(config.downs)
        with torch.random.fork_rng():
            torch.manual_seed(config.seed)
            self.downs = nn.ModuleList(
                _Down(config.downs[level - 1] if level else 1, squeezed, config.downs[level])
                for level, squeezed in enumerate(config.down_squeezed)
            )
            self.ups = nn.ModuleList(
                _Up(self._before_up(level), config.up_squeezed[level], config.ups[level])
                for level in range(levels)
            )
            self.mask = nn.Conv2d(config.ups[-1], 1, 4, dilation=2, padding=3)
        self.down_norms = nn.ModuleList(_Norm(channels) for channels in config.downs[:-1])
        self.up_norms = nn.ModuleList(_Norm(channels) for channels in config.ups)

    def _before_up(self, level: int) -> int:
        """Channels from below and, but for the lowest level, those kept on the way down."""
        if level == 0:
            return self.config.downs[-1]
        return self.config.ups[level - 1] + self.config.downs[-1 - level]

    def forward(self, magnitude: Tensor) -> Tensor:
        """Return the mask of the accompaniment.

        Parameters
        ----------
        magnitude : float, shape (batch, frames, bins)
            Of the mixture, at least 0; frames a multiple of `config.frames`.

        Returns
        -------
        Tensor, shape (batch, frames, bins)
            In [0, 1]; what is left to 1 is the voice.
        """
        x = magnitude[:, None].contiguous(memory_format=torch.channels_last)
        kept = []
        for level, down in enumerate(self.downs):
            if level:
                x = F.leaky_relu(self.down_norms[level - 1](x), 0.2)
            x = down(x)
            kept.append(x)  # before the norm, which the way up does not see
        x = kept.pop()
        for up, norm in zip(self.ups, self.up_norms, strict=True):
            x = norm(F.relu(up(x)))
            if kept:
                x = torch.cat([kept.pop(), x], dim=1)
        return torch.sigmoid(self.mask(x).float())[:, 0]


def quicken(network: MaskNetwork) -> None:
    """Rearrange a trained network to compute the same in less time; it cannot learn then."""
    for up in network.ups:
        assert isinstance(up, _Up)
        up.quicken()
    channels_last(network)


def channels_last(network: nn.Module) -> None:
    """Order the weights of convolutions as processors like them: channels innermost."""
    for parameter in network.parameters():
        if parameter.ndim == 4:
            parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)
