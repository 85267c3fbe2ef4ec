"""A user tower in ONNX Runtime, set up for one user at a time."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from nearfield.errors import InvalidInput, NotFound
from nearfield.networks.tower_file import ATTENTION, RECENCY, VECTOR

_OUTPUTS: Final = (VECTOR, ATTENTION, RECENCY)
_ERRORS_ONLY: Final = 3


class UserTower:
    """Runs the file that `networks/tower_file.py` describes. Any number of threads may.

    Parameters
    ----------
    path : Path
        Of the file.

    Raises
    ------
    NotFound
        If there is no such file.
    InvalidInput
        If it is damaged, or made for a newer ONNX Runtime than is installed.
    """

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise NotFound(
                f"{path} does not exist: the model was saved by an older Nearfield. Run `nearfield "
                f"publish` where torch is installed."
            )
        try:
            # ONNX Runtime's own errors share no class of their own
            self._session = onnxruntime.InferenceSession(
                path, _options(), providers=["CPUExecutionProvider"]
            )
        except Exception as error:
            raise InvalidInput(
                f"{path} cannot be used by ONNX Runtime {onnxruntime.__version__} ({error}). Copy "
                "the model anew, or remove this file and run `nearfield publish`."
            ) from error
        self.inputs = [one.name for one in self._session.get_inputs()]
        self.settings: Mapping[str, str] = self._session.get_modelmeta().custom_metadata_map

    def __call__(
        self, given: Mapping[str, NDArray[Any]]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
        """Return vector, attention and recency, as the file's description has them."""
        vector, attention, recency = self._session.run(_OUTPUTS, given)
        return vector, attention, recency


def _options() -> Any:
    """Return what makes one small run take least time.

    A run is some dozen small products, which are done before a second thread is awake; requests
    run beside each other instead.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.log_severity_level = _ERRORS_ONLY
    return options
