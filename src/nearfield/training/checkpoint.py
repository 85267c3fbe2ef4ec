"""The state after an epoch, so that an interrupted training goes on with equal results."""

import shutil
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from nearfield.training.weights import load_tensors, save_tensors

_STATE = "checkpoint.safetensors"


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
        self.folder.mkdir(parents=True, exist_ok=True)
        tensors = {f"model.{name}": value for name, value in model.state_dict().items()}
        for number, optimizer in enumerate(optimizers):
            for index, state in optimizer.state_dict()["state"].items():
                for name, value in state.items():
                    tensors[f"optimizer.{number}.{index}.{name}"] = torch.as_tensor(value)
        tensors["curve"] = torch.tensor(curve, dtype=torch.float64)
        save_tensors(self.folder / _STATE, tensors)

    def resume(self, model: nn.Module, optimizers: Sequence[torch.optim.Optimizer]) -> list[float]:
        """Load the state, if there is one, and return the losses of the epochs done."""
        if not (self.folder / _STATE).exists():
            return []
        tensors = load_tensors(self.folder / _STATE)
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

    def remove(self) -> None:
        """Forget the state, once the model is saved."""
        shutil.rmtree(self.folder, ignore_errors=True)
