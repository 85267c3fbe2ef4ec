"""Write user towers as ONNX graphs, node by node, for one user with any number of events.

Built by hand rather than exported from torch: a tower is some dozen operators, tables that are
left out of it become inputs, no event at all is a history too (which a traced length of 0 is not),
and no version of torch's exporter decides what comes out.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx
from numpy.typing import ArrayLike, NDArray
from onnx import TensorProto, helper, numpy_helper

from nearfield.networks.tower_file import ATTENTION, RECENCY, VECTOR

_OPSET: Final = 20
_IR: Final = 9
"""Of the file; ONNX Runtime 1.17 and newer read both."""

EVENTS: Final = "events"
"""Name of the one length that differs between queries."""


class TowerGraph:
    """Collects nodes; every method that adds one returns the name of its result.

    Layouts are torch's: a linear layer's weight has shape (out, in).
    """

    def __init__(self) -> None:
        self._nodes: list[onnx.NodeProto] = []
        self._inputs: list[onnx.ValueInfoProto] = []
        self._outputs: list[onnx.ValueInfoProto] = []
        self._constants: list[onnx.TensorProto] = []

    def floats(self, name: str, *shape: int | str) -> str:
        """Declare an input of float32."""
        self._inputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))
        return name

    def codes(self, name: str, *shape: int | str) -> str:
        """Declare an input of int64."""
        self._inputs.append(helper.make_tensor_value_info(name, TensorProto.INT64, shape))
        return name

    def constant(self, value: ArrayLike) -> str:
        """Add numbers: float32, or int64 where they are whole."""
        array = np.asarray(value)
        kind = np.int64 if array.dtype.kind in "iu" else np.float32
        name = f"c{len(self._constants)}"
        contiguous = np.array(array, dtype=kind, order="C")
        self._constants.append(numpy_helper.from_array(contiguous, name))
        return name

    def op(self, kind: str, *inputs: str, **attributes: Any) -> str:
        """Add a node of one output."""
        name = f"n{len(self._nodes)}"
        self._nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def total(self, *parts: str) -> str:
        """Add up."""
        whole = parts[0]
        for part in parts[1:]:
            whole = self.op("Add", whole, part)
        return whole

    def linear(self, value: str, weight: NDArray[Any], bias: NDArray[Any] | None = None) -> str:
        """Add a fully connected layer over rows."""
        product = self.op("MatMul", value, self.constant(weight.T))
        return product if bias is None else self.op("Add", product, self.constant(bias))

    def norm(self, value: str, weight: NDArray[Any], bias: NDArray[Any]) -> str:
        """Add layer normalisation over the last dimension."""
        scale, shift = self.constant(weight), self.constant(bias)
        return self.op("LayerNormalization", value, scale, shift, axis=-1, epsilon=1e-5)

    def unit(self, value: str, axis: int = 1) -> str:
        """Scale rows to length 1; zeros stay."""
        length = self.op("ReduceL2", value, self.constant([axis]), keepdims=1)
        return self.op("Div", value, self.op("Max", length, self.constant(1e-12)))

    def shares(self, value: str) -> str:
        """Scale numbers that are not negative, shape (n,), to a sum of 1; zeros stay."""
        return self.op("Div", value, self.op("Max", self.sum(value), self.constant([1e-12])))

    def sum(self, value: str) -> str:
        """Return the sum of numbers, shape (n,), as shape (1,); 0 where there are none."""
        return self.op("ReduceSum", self.before(value, [0.0]), self.constant([0]), keepdims=1)

    def reshape(self, value: str, *shape: int) -> str:
        """Change the shape."""
        return self.op("Reshape", value, self.constant(list(shape)))

    def slice(self, value: str, start: str, stop: str, axis: int) -> str:
        """Take a part along one axis; the bounds have shape (1,)."""
        return self.op("Slice", value, start, stop, self.constant([axis]))

    def after_first(self, value: str) -> str:
        """Leave out the first entry."""
        return self.slice(value, self.constant([1]), self.constant([2**31]), 0)

    def before(self, value: str, row: ArrayLike) -> str:
        """Put one row, or number, before the others, so that there is always one to sum over."""
        return self.op("Concat", self.constant(row), value, axis=0)

    def length(self, value: str) -> str:
        """Return the number of rows, shape (1,)."""
        return self.op("Shape", value, start=0, end=1)

    def ones_like(self, value: str) -> str:
        """Return ones of shape (n,)."""
        one = numpy_helper.from_array(np.ones(1, dtype=np.float32))
        return self.op("ConstantOfShape", self.length(value), value=one)

    def bag(self, weights: str, rows: str, columns: int) -> str:
        """Add up rows of shape (n, columns), each by its weight: shape (1, columns)."""
        counted = self.reshape(self.before(weights, [0.0]), 1, -1)
        return self.op("MatMul", counted, self.before(rows, [[0.0] * columns]))

    def returns(self, vector: str, attention: str, recency: str, dim: int) -> None:
        """Declare the outputs: a vector of shape (1, dim), and how much each event counted."""
        shapes: dict[str, list[int | str]] = {
            VECTOR: [dim],
            ATTENTION: [f"1 + {EVENTS}"],
            RECENCY: [EVENTS],
        }
        values = [self.reshape(vector, dim), attention, recency]
        for (name, shape), value in zip(shapes.items(), values, strict=True):
            self._nodes.append(helper.make_node("Identity", [value], [name]))
            self._outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))

    def save(self, path: Path, settings: Mapping[str, int | float]) -> None:
        """Check and write the graph; a kill leaves the old file or the new one.

        Parameters
        ----------
        path : Path
        settings : mapping
            Numbers that its reader needs beside it.
        """
        graph = helper.make_graph(
            self._nodes, "user tower", self._inputs, self._outputs, self._constants
        )
        opset = [helper.make_opsetid("", _OPSET)]
        model = helper.make_model(
            graph, opset_imports=opset, ir_version=_IR, producer_name="nearfield"
        )
        helper.set_model_props(model, {name: str(value) for name, value in settings.items()})
        onnx.checker.check_model(model)
        partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
        with partial.open("wb") as file:
            file.write(model.SerializeToString(deterministic=True))
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
