"""Reading a history: all positions at once, the newest alone, one user alone."""

import pytest
import torch

from nearfield.errors import InvalidInput
from nearfield.networks.histories import History
from nearfield.networks.reader import HistoryReader, ReaderSizes, decay
from nearfield.networks.single import SingleReader

WINDOW, RATINGS, ITEMS = 9, 5, 30


@pytest.fixture(params=[0, 1, 3])
def reader(request: pytest.FixtureRequest) -> HistoryReader:
    """Return a reader in which nothing is a zero or a one any more."""
    with torch.random.fork_rng(), torch.no_grad():
        torch.manual_seed(request.param)
        made = HistoryReader(ReaderSizes(12, 16, request.param, 2, WINDOW, 0.1), RATINGS)
        for weights in made.parameters():
            weights.add_(torch.randn_like(weights), alpha=0.3)
    return made.eval()


def draw(lengths: list[int]) -> tuple[History, torch.Tensor, torch.Tensor]:
    """Return histories, the tokens before them, and the items' vectors."""
    generator = torch.Generator().manual_seed(len(lengths))
    shape = (len(lengths), max(lengths))
    inside = torch.arange(shape[1]) < torch.tensor(lengths)[:, None]
    items = torch.randint(ITEMS, shape, generator=generator).masked_fill(~inside, -1)
    ratings = torch.randint(RATINGS + 1, shape, generator=generator) * inside
    weights = (torch.rand(shape, generator=generator) + 0.5) * inside
    first = torch.randn(len(lengths), 16, generator=generator)
    return History(items, ratings, weights), first, torch.randn(ITEMS, 12, generator=generator)


@torch.inference_mode()
def test_the_newest_is_the_last_position(reader: HistoryReader) -> None:
    lengths = [0, 1, 4, WINDOW]
    history, first, items = draw(lengths)
    newest, attention = reader.newest(first, history, items)
    everywhere = reader(first, history, items)
    expected = everywhere[torch.arange(4), torch.tensor(lengths)]
    assert torch.allclose(newest, expected, rtol=1e-4, atol=1e-4)
    assert torch.allclose(attention.sum(dim=1), torch.ones(4), atol=1e-5)
    for row, length in enumerate(lengths):
        assert not attention[row, length + 1 :].any()


@torch.inference_mode()
def test_one_user_alone_is_read_as_among_others(reader: HistoryReader) -> None:
    lengths = [0, 1, 2, 7, WINDOW]
    history, first, items = draw(lengths)
    wanted, attention = reader.newest(first, history, items)
    single = SingleReader(reader, items)
    for row, length in enumerate(lengths):
        part = slice(row, row + 1)
        alone = History(
            history.items[part, :length],
            history.ratings[part, :length],
            history.weights[part, :length],
        )
        found, read = single.newest(first[part], alone)
        assert torch.allclose(found, wanted[part], rtol=1e-4, atol=1e-4)
        assert torch.allclose(read, attention[part, : length + 1], atol=1e-5)


@torch.inference_mode()
def test_no_position_sees_what_comes_later(reader: HistoryReader) -> None:
    history, first, items = draw([WINDOW, WINDOW])
    before = reader(first, history, items)
    changed = history.items.clone()
    changed[:, 5:] = (changed[:, 5:] + 1) % ITEMS
    after = reader(first, history.with_items(changed), items)
    assert torch.allclose(before[:, :6], after[:, :6], atol=1e-5)
    assert not torch.allclose(before[:, 6:], after[:, 6:], atol=1e-2)


def test_decay_halves_by_age_and_knows_nothing_of_the_future() -> None:
    weights = decay(torch.tensor([0, 2, 4]), 4, torch.tensor([1.0, 0, 0, 0]))
    assert weights.tolist() == [[0, 0, 0, 0], [0.5, 1, 0, 0], [0.125, 0.25, 0.5, 1]]


def test_heads_that_do_not_divide_a_token_are_refused() -> None:
    with pytest.raises(InvalidInput, match=r"width is 16 and heads is 3, .* divide the width"):
        ReaderSizes(12, 16, 2, 3, WINDOW, 0.1)
