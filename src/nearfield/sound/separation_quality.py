"""How well an estimate of a stem matches the true one."""

from typing import Final

import numpy as np

from nearfield.sound.waveform import Waveform

_TINY: Final = 1e-10


def sdr(estimate: Waveform, truth: Waveform) -> float:
    """Return the signal to distortion ratio in dB: energy of the truth over that of the error.

    Parameters
    ----------
    estimate, truth : float, shape (samples,)
        Of one stem.
    """
    error = truth.astype(np.float64) - estimate
    energy = float(np.square(truth, dtype=np.float64).sum())
    return 10 * float(np.log10((energy + _TINY) / (float(np.square(error).sum()) + _TINY)))


def si_sdr(estimate: Waveform, truth: Waveform) -> float:
    """Return the same in dB, but for the best gain of the truth: a wrong level costs nothing.

    References
    ----------
    .. [1] Le Roux et al., "SDR - half-baked or well done?", ICASSP 2019.
       https://arxiv.org/abs/1811.02508
    """
    wide = truth.astype(np.float64)
    gain = float(wide @ estimate.astype(np.float64)) / (float(wide @ wide) + _TINY)
    return sdr(estimate, (gain * wide).astype(np.float32))
