"""Makes a first mask network of Spleeter's accompaniment network, a quarter of its size.

    python tools/separation/compress.py --stems DIR --cache DIR --out DIR

Where the mask network squeezes channels, the combinations kept are those with the most energy
while Spleeter listens to the songs of `--stems` (principal components). `train.py --start` goes on
from there.
"""

import argparse
from collections import defaultdict
from pathlib import Path

import numpy as np
import torch
from spleeter_whole import whole_network
from torch import Tensor, nn
from torch.nn import functional as F
from train import pairs

from nearfield.sound.mask_network import MaskConfig, MaskNetwork
from nearfield.sound.own import save_own

SECONDS = 15


def moments(network: MaskNetwork, folder: Path) -> dict[str, Tensor]:
    """Return sums of products of the channels that each level sees, shape (channels, channels)."""
    sums: dict[str, Tensor] = defaultdict(lambda: torch.zeros(1, dtype=torch.float64))

    def record(name: str) -> object:
        def hook(module: nn.Module, inputs: tuple[Tensor], output: Tensor) -> None:
            rows = (
                (output if name == "bottom" else inputs[0]).transpose(1, 3).flatten(0, 2).double()
            )
            sums[name] = sums[name] + rows.T @ rows

        return hook

    for level, (down, up) in enumerate(zip(network.downs, network.ups, strict=True)):
        down.register_forward_hook(record(f"down{level}"))
        up.register_forward_hook(record(f"up{level}"))
    network.downs[-1].register_forward_hook(record("bottom"))
    config = network.config
    for backing, voice in pairs(folder):
        mixture = (backing.astype(np.float32) + voice)[: SECONDS * 22_050] / 32_768
        window = torch.hann_window(config.window)
        spectrum = torch.stft(
            torch.from_numpy(mixture), config.window, config.hop, window=window, return_complex=True
        )
        magnitude = spectrum[:-1].abs().T
        with torch.inference_mode():
            network(F.pad(magnitude, (0, 0, 0, -len(magnitude) % config.frames))[None])
    for module in [*network.downs, *network.ups]:
        module._forward_hooks.clear()
    return sums


def directions(products: Tensor, count: int) -> Tensor:
    """Return the combinations of channels with the most energy, shape (channels, count)."""
    return torch.linalg.eigh(products).eigenvectors.flip(1)[:, :count].float()


def compressed(whole: MaskNetwork, sums: dict[str, Tensor]) -> MaskNetwork:
    """Return the network of the default sizes that computes nearly the same."""
    network = MaskNetwork(MaskConfig())
    state, target = whole.state_dict(), network.state_dict()
    config = network.config
    bottom = directions(sums["bottom"], config.downs[-1])
    last = len(config.downs) - 1
    state[f"downs.{last}.conv.weight"] = torch.einsum(
        "oiyx,or->riyx", state[f"downs.{last}.conv.weight"], bottom
    )
    state[f"downs.{last}.conv.bias"] = state[f"downs.{last}.conv.bias"] @ bottom
    state["ups.0.conv.weight"] = torch.einsum("ioyx,ir->royx", state["ups.0.conv.weight"], bottom)
    for way, squeezes, inputs in (
        ("down", config.down_squeezed, "oiyx,ir->oryx"),
        ("up", config.up_squeezed, "ioyx,ir->royx"),
    ):
        for level, count in enumerate(squeezes):
            if count:
                name = f"{way}s.{level}"
                basis = directions(sums[f"{way}{level}"], count)
                state[f"{name}.squeeze.weight"] = basis.T[:, :, None, None]
                state[f"{name}.squeeze.bias"] = torch.zeros(count)
                state[f"{name}.conv.weight"] = torch.einsum(
                    inputs, state[f"{name}.conv.weight"], basis
                )
    network.load_state_dict({name: state[name].contiguous() for name in target})
    return network


def main() -> None:
    """Read the arguments and write the network."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stems", type=Path, required=True)
    parser.add_argument("--cache", type=Path, required=True, help="where Spleeter's weights are")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    whole = whole_network(arguments.cache)
    network = compressed(whole, moments(whole, arguments.stems))
    save_own(network, arguments.out, "0", {"made": "from Spleeter's 2stems, not trained"})


if __name__ == "__main__":
    main()
