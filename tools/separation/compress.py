"""Makes a first mask network of Spleeter's accompaniment network, a quarter of its size.

    python tools/separation/compress.py --stems DIR --cache DIR --out DIR

Where the mask network squeezes channels, the combinations kept are those that matter most to what
follows while Spleeter listens to the songs of `--stems`. `train.py --start` goes on from there.
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


def reduced(products: Tensor, kernel: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """Split a convolution into a squeeze and a convolution of fewer channels.

    Of all splits, the one whose output differs least on average (reduced-rank regression), as if
    no two places of the kernel met in one of the output.

    Parameters
    ----------
    products : float, shape (inputs, inputs)
        Sums of products of the channels that come in.
    kernel : float, shape (inputs, ...)
        What is computed of each of them.
    count : int
        Channels in between.

    Returns
    -------
    squeeze : float, shape (count, inputs)
    kernel : float, shape (count, ...)
    """
    energies, basis = torch.linalg.eigh(products)
    scale = energies.clamp(min=energies.max() * 1e-9).sqrt()
    matters = (kernel.double().flatten(1).T @ basis) * scale  # (rest, inputs)
    chosen = torch.linalg.eigh(matters.T @ matters).eigenvectors.flip(1)[:, :count]
    squeeze = (chosen.T / scale) @ basis.T
    narrow = (matters @ chosen).T.reshape(count, *kernel.shape[1:])
    # equal shares of the size, so that half precision suits both
    balance = (squeeze.norm(dim=1) / narrow.flatten(1).norm(dim=1)).sqrt()
    narrow = narrow * balance.reshape(-1, *[1] * (kernel.ndim - 1))
    return (squeeze / balance[:, None]).float(), narrow.float()


def compressed(whole: MaskNetwork, sums: dict[str, Tensor], config: MaskConfig) -> MaskNetwork:
    """Return the network of given sizes that computes nearly the same."""
    network = MaskNetwork(config)
    state, target = whole.state_dict(), network.state_dict()
    last = f"downs.{len(config.downs) - 1}.conv"
    squeeze, state["ups.0.conv.weight"] = reduced(
        sums["bottom"], state["ups.0.conv.weight"], config.downs[-1]
    )
    state[f"{last}.weight"] = torch.einsum("oiyx,ro->riyx", state[f"{last}.weight"], squeeze)
    state[f"{last}.bias"] = squeeze @ state[f"{last}.bias"]
    for way, squeezes in (("down", config.down_squeezed), ("up", config.up_squeezed)):
        for level, count in enumerate(squeezes):
            if count:
                _squeeze(state, f"{way}s.{level}", sums[f"{way}{level}"], count, way == "down")
    network.load_state_dict({name: state[name].contiguous() for name in target})
    return network


def _squeeze(
    state: dict[str, Tensor], name: str, products: Tensor, count: int, inputs_second: bool
) -> None:
    """Replace one convolution by two."""
    kernel = state[f"{name}.conv.weight"]
    kernel = kernel.transpose(0, 1) if inputs_second else kernel
    squeeze, narrow = reduced(products, kernel, count)
    state[f"{name}.squeeze.weight"] = squeeze[:, :, None, None]
    state[f"{name}.squeeze.bias"] = torch.zeros(count)
    state[f"{name}.conv.weight"] = narrow.transpose(0, 1) if inputs_second else narrow


def main() -> None:
    """Read the arguments and write the network."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stems", type=Path, required=True)
    parser.add_argument("--cache", type=Path, required=True, help="where Spleeter's weights are")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    whole = whole_network(arguments.cache)
    network = compressed(whole, moments(whole, arguments.stems), MaskConfig())
    save_own(network, arguments.out, "0", {"made": "from Spleeter's 2stems, not trained"})


if __name__ == "__main__":
    main()
