"""The state after an epoch, so that an interrupted training goes on with equal results."""

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, Protocol

import torch
from torch import Tensor, nn

from nearfield.training.weights import load_tensors, pack_tensors, unpack_tensors, write_whole

_STATE: Final = "checkpoint.safetensors"


class Keeper(Protocol):
    """Keeps the state of a training."""

    def save(
        self, model: nn.Module, optimizers: Sequence[torch.optim.Optimizer], curve: list[float]
    ) -> None:
        """Keep the state after `len(curve)` epochs."""

    def resume(self, model: nn.Module, optimizers: Sequence[torch.optim.Optimizer]) -> list[float]:
        """Load the state, if there is one, and return the losses of the epochs done."""


class Checkpoint:
    """One file in a folder: weights, the optimisers' moments, the learning curve.

    Everything is in one file that is replaced as a whole, so that a kill at any moment leaves
    the state after some epoch, never a mixture of two.

    Parameters
    ----------
    folder : Path
        Made when first needed.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def save(
        self, model: nn.Module, optimizers: Sequence[torch.optim.Optimizer], curve: list[float]
    ) -> None:
        """Keep the state after `len(curve)` epochs."""
        self.write(pack_tensors(_state(model, optimizers, curve)))

    def resume(self, model: nn.Module, optimizers: Sequence[torch.optim.Optimizer]) -> list[float]:
        """Load the state, if there is one, and return the losses of the epochs done."""
        if not (self.folder / _STATE).exists():
            return []
        return _restore(load_tensors(self.folder / _STATE), model, optimizers)

    def read(self) -> bytes | None:
        """Return what was written last; None where nothing was."""
        path = self.folder / _STATE
        return path.read_bytes() if path.exists() else None

    def epochs(self) -> int:
        """Return how many epochs the state comes after."""
        path = self.folder / _STATE
        return len(load_tensors(path)["curve"]) if path.exists() else 0

    def write(self, state: bytes) -> None:
        """Keep a state that `CarriedState` sent."""
        self.folder.mkdir(parents=True, exist_ok=True)
        write_whole(self.folder / _STATE, state)

    def remove(self) -> None:
        """Forget the state, once the model is saved."""
        shutil.rmtree(self.folder, ignore_errors=True)


class CarriedState:
    """The state of a training whose checkpoint lies on another machine.

    Parameters
    ----------
    found : bytes, optional
        What a `Checkpoint` reads there.
    send : callable
        Takes what it is to write, after each epoch.
    """

    def __init__(self, found: bytes | None, send: Callable[[bytes], None]) -> None:
        self._found, self._send = found, send

    def save(
        self, model: nn.Module, optimizers: Sequence[torch.optim.Optimizer], curve: list[float]
    ) -> None:
        """Send the state after `len(curve)` epochs."""
        self._send(pack_tensors(_state(model, optimizers, curve)))

    def resume(self, model: nn.Module, optimizers: Sequence[torch.optim.Optimizer]) -> list[float]:
        """Load the state, if there is one, and return the losses of the epochs done."""
        if self._found is None:
            return []
        return _restore(unpack_tensors(self._found), model, optimizers)


def keeper(where: Path | Keeper | None) -> Keeper | None:
    """Return what keeps the state in a folder, if it is one."""
    return Checkpoint(where) if isinstance(where, Path) else where


def _state(
    model: nn.Module, optimizers: Sequence[torch.optim.Optimizer], curve: list[float]
) -> dict[str, Tensor]:
    tensors = {f"model.{name}": value for name, value in model.state_dict().items()}
    for number, optimizer in enumerate(optimizers):
        for index, state in optimizer.state_dict()["state"].items():
            for name, value in state.items():
                tensors[f"optimizer.{number}.{index}.{name}"] = torch.as_tensor(value)
    tensors["curve"] = torch.tensor(curve, dtype=torch.float64)
    return tensors


def _restore(
    tensors: dict[str, Tensor], model: nn.Module, optimizers: Sequence[torch.optim.Optimizer]
) -> list[float]:
    curve = tensors.pop("curve").tolist()
    weights: dict[str, Tensor] = {}
    moments: list[dict[int, dict[str, Tensor]]] = [{} for _ in optimizers]
    for name, value in tensors.items():
        kind, _, rest = name.partition(".")
        if kind == "model":
            weights[rest] = value
        else:
            number, index, moment = rest.split(".")
            moments[int(number)].setdefault(int(index), {})[moment] = value
    model.load_state_dict(weights)
    for optimizer, found in zip(optimizers, moments, strict=True):
        state = optimizer.state_dict()
        state["state"] = found
        optimizer.load_state_dict(state)
    return [float(loss) for loss in curve]
