"""Spleeter's networks in the form of ours, from which ours is made and learns."""

from pathlib import Path

from nearfield.sound.mask_network import MaskConfig, MaskNetwork
from nearfield.sound.spleeter import load_spleeter


def whole_network(cache: Path, voice: bool = False) -> MaskNetwork:
    """Return Spleeter's network of a stem for one channel at half its rate, nothing squeezed."""
    separator = load_spleeter(cache)
    unet = separator.voice if voice else separator.backing
    config = MaskConfig(
        downs=(16, 32, 64, 128, 256, 512), down_squeezed=(0,) * 6, up_squeezed=(0,) * 6
    )
    network = MaskNetwork(config)
    convolutions = [*unet.downs, *unet.ups]
    for module, (kernel, bias) in zip([*network.downs, *network.ups], convolutions, strict=True):
        module.conv.weight.data, module.conv.bias.data = kernel.clone(), bias.clone()
    # two equal channels of windows twice as long, whose magnitudes are twice as large
    network.downs[0].conv.weight.data = 2 * unet.downs[0][0].sum(dim=1, keepdim=True)
    kernel, bias = unet.last
    network.mask.weight.data = kernel.mean(dim=0, keepdim=True)
    network.mask.bias.data = bias.mean(dim=0, keepdim=True)
    norms = [*unet.down_norms[: len(network.down_norms)], *unet.up_norms]
    for norm, (gain, shift) in zip([*network.down_norms, *network.up_norms], norms, strict=True):
        norm.gain.data, norm.shift.data = gain.clone(), shift.clone()
    return network.eval()
