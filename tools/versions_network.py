"""The network behind `version_vectors` as it is trained, and its last layer."""

from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from nearfield.sound.versions.vector import VERSION_DIM

SHRINKAGE: Final = 0.03  # of the covariance within songs, towards a sphere


class Network(nn.Module):
    """What `version_vectors` computes, with the normalisation that training needs."""

    def __init__(self) -> None:
        super().__init__()
        shapes: dict[str, nn.Module] = {
            "first": nn.Conv2d(1, 24, (12, 3), padding=(0, 1), bias=False),
            "second": nn.Conv2d(24, 40, (12, 5), padding=(0, 2), bias=False),
            "third": nn.Conv1d(80, 128, 3, padding=1, bias=False),
            "fourth": nn.Conv1d(128, 128, 3, padding=2, dilation=2, bias=False),
            "fifth": nn.Conv1d(128, 128, 3, padding=4, dilation=4, bias=False),
        }
        self.convolutions = nn.ModuleDict(shapes)
        self.norms = nn.ModuleDict(
            {
                name: (nn.BatchNorm2d if isinstance(one, nn.Conv2d) else nn.BatchNorm1d)(size)
                for (name, one), size in zip(shapes.items(), (24, 40, 128, 128, 128), strict=True)
            }
        )
        self.out = nn.Linear(256, VERSION_DIM)

    def _step(self, name: str, x: Tensor) -> Tensor:
        if x.dim() == 4:
            x = torch.cat([x, x[:, :, :11]], dim=2)
        found: Tensor = F.relu(self.norms[name](self.convolutions[name](x)))
        return found

    def pooled(self, frames: Tensor) -> Tensor:
        """Return what the last layer reads of frames, shape (songs, 1, 12, frames)."""
        x = F.max_pool2d(self._step("first", frames), (1, 2))
        x = self._step("second", x)
        x = F.avg_pool1d(torch.cat([x.amax(dim=2), x.mean(dim=2)], dim=1), 2)
        x = self._step("third", x)
        x = x + self._step("fourth", x)
        x = x + self._step("fifth", x)
        return torch.cat([x.mean(dim=2), x.amax(dim=2)], dim=1)

    def forward(self, frames: Tensor) -> Tensor:
        """Return unit vectors of frames, shape (songs, 1, 12, frames)."""
        return F.normalize(self.out(self.pooled(frames)), dim=1)

    def folded(self) -> dict[str, NDArray[np.float32]]:
        """Return the weights with the normalisation made part of them."""
        found = {"out.weight": self.out.weight, "out.bias": self.out.bias}
        for name, one in self.convolutions.items():
            norm: Any = self.norms[name]
            gain = norm.weight / torch.sqrt(norm.running_var + norm.eps)
            weight: Any = one.weight
            found[f"{name}.weight"] = weight * gain.view(-1, *[1] * (weight.dim() - 1))
            found[f"{name}.bias"] = norm.bias - norm.running_mean * gain
        return {key: value.detach().numpy().copy() for key, value in found.items()}


def whiten(network: Network, pool: NDArray[np.float32]) -> None:
    """Replace the last layer by linear discriminants of what it reads, the first `VERSION_DIM`."""
    within = np.zeros((256, 256))
    means = []
    with torch.no_grad():
        for takes in pool:
            frames = np.ascontiguousarray(takes.transpose(0, 2, 1)[:, None])
            read = network.pooled(torch.from_numpy(frames)).numpy().astype(np.float64)
            means.append(read.mean(axis=0))
            within += (read - means[-1]).T @ (read - means[-1]) / pool.shape[0] / pool.shape[1]
    middle = np.mean(means, axis=0)
    between = np.cov(np.array(means).T)
    within += SHRINKAGE * np.trace(within) / len(within) * np.eye(len(within))
    values, directions = np.linalg.eigh(within)
    sphere = directions / np.sqrt(values)
    best = np.linalg.eigh(sphere.T @ between @ sphere)[1][:, ::-1]
    layer = (sphere @ best)[:, :VERSION_DIM].T
    with torch.no_grad():
        network.out.weight.copy_(torch.from_numpy(layer))
        network.out.bias.copy_(torch.from_numpy(-layer @ middle))
