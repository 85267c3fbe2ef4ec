"""Inference over mapped files: bit for bit the vectors of memory, in less of it, also resumed."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from nearfield.datasets.tables import Collection
from nearfield.graph.bipartite import Edges, assemble
from nearfield.graph.config import GraphConfig
from nearfield.graph.inference import Levels, all_levels, all_neighbours, bytes_of_levels
from nearfield.graph.model import GraphModel
from nearfield.graph.nodes import Nodes
from nearfield.graph.pinsage import PinSage
from nearfield.graph.room import MEMORY, Arrays, Disk, Memory, Room, Shapes, free_memory, room_for
from nearfield.graph.train import GraphTrainer
from nearfield.graph.walks import WalkConfig, Walks

_SHAPES: Shapes = {"numbers": ((3, 2), np.float32)}


def fill(into: Arrays) -> None:
    into["numbers"][:] = [[0, 1], [2, 3], [4, 5]]


@torch.inference_mode()
def levels_of(walks: Walks, network: PinSage, room: Room, chunk: int) -> Levels:
    dim = network.out.out_features
    own = torch.randn(len(walks.graph.items), dim, generator=torch.Generator().manual_seed(1))

    def brought(part: slice) -> Tensor:
        return own[part]

    found = all_neighbours(walks, 5, room, chunk)
    return all_levels(network, brought, found, room, chunk)


@given(data=st.data())
def test_the_same_bits_from_files_as_in_memory(data: st.DataObject) -> None:
    users, items = data.draw(st.integers(1, 6)), data.draw(st.integers(1, 12))
    edges = data.draw(
        st.lists(st.tuples(st.integers(0, users - 1), st.integers(0, items - 1)), min_size=1)
    )
    ends = np.array(edges, dtype=np.int32).T
    names = Nodes("users", np.arange(users)), Nodes("items", np.arange(items))
    graph = assemble(*names, Edges(ends[0].copy(), ends[1].copy()))
    walks = Walks(graph, WalkConfig(neighbours=3, walks=20), threads=1)
    layers, chunk = data.draw(st.integers(1, 3)), data.draw(st.integers(1, 5))
    with torch.random.fork_rng():
        torch.manual_seed(layers)
        network = PinSage(GraphConfig(dim=8, layers=layers)).eval()
        torch.nn.init.normal_(network.out.weight, std=0.3)
    here = levels_of(walks, network, MEMORY, chunk)
    whole, parted = walks.all(5), all_neighbours(walks, 5, MEMORY, chunk)
    for name in ("rows", "counts", "weights"):
        assert np.array_equal(getattr(parted, name), getattr(whole, name))
    with TemporaryDirectory() as folder:
        there = levels_of(walks, network, Disk(Path(folder), {}), chunk)
        assert torch.equal(there.vectors, here.vectors)
        for left, right in zip(there.inputs, here.inputs, strict=True):
            assert torch.equal(left, right)


class Dying(Disk):
    """Files of a process that is killed in the n-th thing that it does with them."""

    def __init__(self, folder: Path, after: int) -> None:
        super().__init__(folder, {})
        self.left = after
        self.begun: list[str] = []
        self.whole: list[str] = []

    def made(self, name: str, shapes: Shapes, fill: Any) -> Arrays:
        def filling(into: Arrays) -> None:
            self.begun.append(name)
            if self.left == 0:
                into[next(iter(shapes))][:1] = 7  # the beginning was written
            self._live()
            fill(into)

        arrays = super().made(name, shapes, filling)
        self.whole.append(name)
        return arrays

    def drop(self, name: str) -> None:
        self._live()
        super().drop(name)

    def _live(self) -> None:
        if self.left == 0:
            raise KeyboardInterrupt
        self.left -= 1


@pytest.mark.parametrize("stop", range(10))
def test_after_a_kill_it_goes_on_with_what_is_whole(
    trainer: GraphTrainer, tmp_path: Path, stop: int
) -> None:
    walks, network = trainer.material.walks, trainer.network.pinsage
    here = levels_of(walks, network, MEMORY, 16)
    killed = Dying(tmp_path, stop)
    with pytest.raises(KeyboardInterrupt):
        levels_of(walks, network, killed, 16)
    again = Dying(tmp_path, -1)
    there = levels_of(walks, network, again, 16)
    assert torch.equal(there.vectors, here.vectors)
    for left, right in zip(there.inputs, here.inputs, strict=True):
        assert torch.equal(left, right)
    assert not {name for name in killed.whole if "messages" not in name} & set(again.begun)
    kept = {"key.json", "neighbourhoods", "input 0", "input 1", "output"}
    assert {place.name for place in tmp_path.iterdir()} == kept


def test_what_comes_from_something_else_is_made_again(tmp_path: Path) -> None:
    Disk(tmp_path, {"weights": 1}).made("a", _SHAPES, fill)
    same = Disk(tmp_path, {"weights": 1})
    assert same.made("a", _SHAPES, lambda _: pytest.fail("made twice"))["numbers"][2, 1] == 5
    other = Disk(tmp_path, {"weights": 2})
    calls: list[Arrays] = []
    other.made("a", _SHAPES, calls.append)
    assert len(calls) == 1


def test_own_files_go_with_the_room() -> None:
    room = Disk(None, {})
    made = room.made("a", _SHAPES, fill)["numbers"]
    folder = room._folder
    assert folder.exists()
    del made, room
    assert not folder.exists()


def test_files_where_memory_does_not_suffice(tmp_path: Path) -> None:
    assert isinstance(room_for(1000, {}, tmp_path, memory=1000), Memory)
    assert isinstance(room_for(1001, {}, tmp_path, memory=1000), Disk)
    assert isinstance(room_for(1, {}, tmp_path), Memory)
    assert isinstance(room_for(free_memory() * 2, {}, tmp_path), Disk)


def test_a_model_from_files_is_the_same(
    trainer: GraphTrainer, model: GraphModel, collection: Collection, tmp_path: Path
) -> None:
    lean = GraphModel.from_trainer(trainer, {"catalogue": "movies"}, memory=0)
    lean.save(tmp_path)
    del lean
    expected = model.embed_items(collection)
    for found in (GraphModel.load(tmp_path), GraphModel.from_trainer(trainer, {}, memory=0)):
        keys, vectors = found.embed_items(collection)
        assert np.array_equal(keys, expected[0])
        assert np.array_equal(vectors, expected[1])


def test_bytes_are_those_of_the_arrays(trainer: GraphTrainer) -> None:
    most = 0
    held = 0

    sizes: dict[str, int] = {}

    class Counting(Memory):
        def made(self, name: str, shapes: Shapes, fill: Any) -> Arrays:
            nonlocal most, held
            arrays = super().made(name, shapes, fill)
            sizes[name] = sum(array.nbytes for array in arrays.values())
            held += sizes[name]
            most = max(most, held)
            return arrays

        def drop(self, name: str) -> None:
            nonlocal held
            held -= sizes.pop(name, 0)

    network = trainer.network.pinsage
    levels_of(trainer.material.walks, network, Counting(), 16)
    items, neighbours = trainer.material.items, trainer.config.neighbours
    assert most <= bytes_of_levels(items, network, neighbours) <= 1.5 * most
