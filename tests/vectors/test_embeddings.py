import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from nearfield.errors import InvalidInput, NotFound
from nearfield.types import Vectors
from nearfield.vectors.embeddings import Embeddings


def unit(rows: int, dim: int = 4) -> Vectors:
    vectors = np.random.default_rng(0).normal(size=(rows, dim)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors


def test_load_gives_back_what_was_saved(tmp_path: Path) -> None:
    card = {"recommender": "fusion", "name": "Amélie", "metrics": {"ndcg@10": 0.17}}
    embeddings = Embeddings(np.array([7, 2, 9]), unit(3), card)
    embeddings.save(tmp_path / "new" / "model")
    found = Embeddings.load(tmp_path / "new" / "model")
    assert found.ids.tolist() == [7, 2, 9]
    assert found.vectors.tobytes() == unit(3).tobytes()
    assert found.card == card
    assert json.loads((tmp_path / "new" / "model" / "card.json").read_text("utf-8")) == card


def test_saving_again_replaces_and_leaves_no_drafts(tmp_path: Path) -> None:
    Embeddings(np.array([1]), unit(1), {"run": 1}).save(tmp_path)
    Embeddings(np.array([1, 2]), unit(2), {"run": 2}).save(tmp_path)
    assert Embeddings.load(tmp_path).card == {"run": 2}
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "card.json",
        "embeddings.safetensors",
    ]


def test_no_rows_are_allowed(tmp_path: Path) -> None:
    Embeddings(np.empty(0, dtype=np.int64), np.empty((0, 4), dtype=np.float32), {}).save(tmp_path)
    assert Embeddings.load(tmp_path).vectors.shape == (0, 4)


@pytest.mark.parametrize(
    ("ids", "vectors", "message"),
    [
        ([1, 2], unit(3), r"2 ids came with 3 vectors"),
        ([1, 1, 2], unit(3), r"id 1 occurs more than once"),
        ([0, 1, 2], unit(3), r"id 0 is not positive"),
        ([4, 5, 6], unit(3) * 1.1, r"3 of 3 vectors are not of unit length: id 4 has length 1\.1"),
        ([4, 5, 6], unit(3) * np.nan, r"3 of 3 vectors hold NaN or infinity"),
        ([1], unit(1)[0], r"shape \(4,\).*\(rows, dim\)"),
        ([1], np.empty((1, 0), dtype=np.float32), r"shape \(1, 0\)"),
    ],
)
def test_what_is_no_embedding_is_refused(ids: list[int], vectors: Vectors, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        Embeddings(np.array(ids), vectors, {})


def test_a_length_within_the_tolerance_is_accepted() -> None:
    assert len(Embeddings(np.array([1, 2]), unit(2) * np.float32(1.0009), {}).ids) == 2


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"nowhere.*does not exist.*Train a model"):
        Embeddings.load(tmp_path / "nowhere")


@pytest.mark.parametrize("keep", [0, 5, 100])
def test_a_cut_off_file_is_refused(tmp_path: Path, keep: int) -> None:
    Embeddings(np.array([1, 2]), unit(2), {}).save(tmp_path)
    path = tmp_path / "embeddings.safetensors"
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(InvalidInput, match=r"embeddings\.safetensors is damaged.*Train the model"):
        Embeddings.load(tmp_path)


def test_a_file_of_other_tensors_is_refused(tmp_path: Path) -> None:
    (tmp_path / "embeddings.safetensors").write_bytes(b"\x80\x04pickle?" * 20)
    with pytest.raises(InvalidInput, match=r"damaged or not a file of embeddings"):
        Embeddings.load(tmp_path)


def test_reading_vectors_loads_neither_milvus_nor_faiss() -> None:
    program = (
        "import sys, nearfield.vectors.embeddings, nearfield.vectors.exact;"
        "print(sorted({'pymilvus', 'milvus_lite', 'faiss', 'torch', 'grpc'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr
