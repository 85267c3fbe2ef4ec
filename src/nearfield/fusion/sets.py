"""The unordered mode: towers that read a history as a set, beside a regression in closed form."""

from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from nearfield.fusion.closed_form import MOST_ITEMS, ClosedForm
from nearfield.fusion.config import FusionConfig
from nearfield.fusion.users import UserBatch
from nearfield.networks.dropout import ByteDropout
from nearfield.networks.features import Vocabulary
from nearfield.networks.items import ItemTensors, ItemTower

_ATTRIBUTE_DIM: Final = 16
_HIDDEN: Final = 256
_REACH: Final = 0.7
"""Length of the longest item vector's closed-form part, of 1: the rest is the item tower's."""

_CALM: Final = 15.0
"""Tables that start from the regression are stored so much larger than they are read: Adam moves
every number by the same step, so they move less, against their size, than what starts at random."""


def closed_rank(config: FusionConfig, items: int) -> int:
    """Return how many coordinates are the regression's: half, and none above `MOST_ITEMS`."""
    return config.dim // 2 if items <= MOST_ITEMS else 0


class SetItemTower(nn.Module):
    """Unit item vectors in two parts: frozen from the regression, and trained to fill the rest.

    The closed-form part of an item is as long as the regression needs it (popular items are
    longer), at most `_REACH`; the trained part points where the item tower says and is as long
    as makes the whole one. So an inner product of the regression is kept exactly in a cosine,
    and an item without events is all content.

    Parameters
    ----------
    config : FusionConfig
        Sizes.
    vocabulary : Vocabulary
        Sizes of the code books.
    items : int
        Number of ids; row `items` stands for every other one.
    """

    closed: Tensor

    def __init__(self, config: FusionConfig, vocabulary: Vocabulary, items: int) -> None:
        super().__init__()
        rank = closed_rank(config, items)
        self.unknown = items
        self.trained = ItemTower(
            config.model_copy(update={"dim": config.dim - rank}), vocabulary, items
        )
        self.register_buffer("closed", torch.zeros(items + 1, rank))

    @property
    def id(self) -> nn.Embedding:
        """The id embedding of the trained part."""
        return self.trained.id

    def begin(self, found: ClosedForm) -> None:
        """Take over the regression; let the trained part start from its first directions."""
        vectors = torch.from_numpy(found.vectors)
        self.closed[:-1] = _REACH * vectors
        with torch.no_grad():
            wide, narrow = self.id.embedding_dim, self.trained.id_layer.out_features
            kept = min(wide, narrow, vectors.shape[1] + 1)
            head = vectors[:, : kept - 1]
            slack = (1 - (head**2).sum(dim=1, keepdim=True)).clamp(min=0).sqrt()
            self.id.weight.normal_(std=0.02)
            self.id.weight[:-1, :kept] = torch.cat([head, slack], dim=1)
            self.id.weight[-1] = 0
            self.id.weight[-1, kept - 1] = 1  # as an item of which the regression knows nothing
            self.id.weight *= _CALM
            nn.init.eye_(self.trained.id_layer.weight)
            self.trained.id_layer.weight /= _CALM

    def forward(self, ids: Tensor, features: ItemTensors) -> Tensor:
        """Return one unit vector per item, shape (items, dim); see `ItemTower`."""
        closed = self.closed[ids]
        left = (1 - (closed**2).sum(dim=1, keepdim=True)).clamp(min=0).sqrt()
        trained = F.normalize(self.trained(ids, features).float(), dim=1)
        return torch.cat([closed, left * trained], dim=1)


class SetTower(nn.Module):
    """Embed users from what they are and the set of what they had.

    A network reads sums over the history (one learned vector an item, another for its rating),
    how long it is, the id and the attributes; beside it stands the regression, which needs no
    network. Each part gives a unit vector; a fixed weight joins them.

    Parameters
    ----------
    config : FusionConfig
        Sizes.
    vocabulary : Vocabulary
        Sizes of the code books.
    users, items : int
        Number of ids; row `users` of the id embedding stands for every other one.
    """

    reading: Tensor
    joined: Tensor
    stars: Tensor

    def __init__(
        self, config: FusionConfig, vocabulary: Vocabulary, users: int, items: int
    ) -> None:
        super().__init__()
        rank = closed_rank(config, items)
        out = config.dim - rank
        self.config = config
        self.unknown = users
        self.id = nn.Embedding(users + 1, config.id_dim)
        self.id_layer = nn.Linear(config.id_dim, _HIDDEN)
        sizes = [len(values) + 1 for values in vocabulary.attributes.values()]
        self.attributes = nn.ModuleList(nn.Embedding(size, _ATTRIBUTE_DIM) for size in sizes)
        self.attribute_layers = nn.ModuleList(
            nn.Linear(_ATTRIBUTE_DIM, _HIDDEN, bias=False) for _ in sizes
        )
        self.linear = nn.Embedding(items, out)
        self.had = nn.Embedding(items, _HIDDEN)
        self.rated = nn.Embedding(items, _HIDDEN)
        self.count = nn.Linear(1, _HIDDEN)
        self.block = nn.Sequential(
            nn.LayerNorm(_HIDDEN),
            ByteDropout(config.dropout),
            nn.Linear(_HIDDEN, _HIDDEN),
            nn.GELU(),
            ByteDropout(config.dropout),
            nn.Linear(_HIDDEN, _HIDDEN),
        )
        self.drop = ByteDropout(config.dropout)
        self.norm = nn.LayerNorm(_HIDDEN)
        self.out = nn.Linear(_HIDDEN, out)
        self.register_buffer("reading", torch.zeros(items, rank))
        self.register_buffer("joined", torch.ones(2))
        self.register_buffer("stars", _stars(vocabulary.ratings))
        self._first_values()

    def _first_values(self) -> None:
        nn.init.normal_(self.id.weight, std=0.05)
        nn.init.zeros_(self.id.weight[self.unknown].detach())
        nn.init.normal_(self.linear.weight, std=0.05 * _CALM)
        nn.init.normal_(self.had.weight, std=0.05)
        nn.init.normal_(self.rated.weight, std=0.02)
        last = self.block[-1]
        assert isinstance(last, nn.Linear)
        nn.init.normal_(last.weight, std=0.02)
        nn.init.zeros_(self.out.weight)
        nn.init.normal_(self.out.bias, std=0.03)  # a direction for those of whom nothing is known

    def begin(self, found: ClosedForm) -> None:
        """Take over the regression; let the trained part start from its first directions."""
        reading = torch.from_numpy(found.reading)
        self.reading.copy_(reading)
        with torch.no_grad():
            kept = min(self.linear.embedding_dim - 1, reading.shape[1])
            self.linear.weight.zero_()  # nothing is said of the coordinate that fills items up
            self.linear.weight[:, :kept] = reading[:, :kept]
            self.linear.weight *= 0.05 * _CALM / self.linear.weight.std().clamp(min=1e-12)

    def forward(self, users: UserBatch) -> Tensor:
        """Return the trained part, shape (batch, dim - rank), of unit length."""
        bag = _Bag(users)
        scale = bag.total.clamp(min=1).rsqrt()[:, None]
        state = self.id_layer(self.drop(self.id(users.ids)))
        state = state + self.count((bag.total + 1).log()[:, None] / 4 - 1)
        state = state + scale * bag.sum(self.had.weight)
        state = state + scale * bag.sum(self.rated.weight, self.stars[users.history.ratings])
        for column, (codes, layer) in enumerate(
            zip(self.attributes, self.attribute_layers, strict=True)
        ):
            state = state + layer(codes(users.attributes[:, column]))
        state = state + self.block(state)
        linear = F.normalize(bag.sum(self.linear.weight), dim=1)
        return F.normalize((linear + self.out(self.drop(self.norm(state)))).float(), dim=1)

    def regressed(self, users: UserBatch) -> Tensor:
        """Return the closed-form part, shape (batch, rank): unit length; zeros for no history."""
        return F.normalize(_Bag(users).sum(self.reading), dim=1)

    def newest(self, users: UserBatch, items: Tensor) -> tuple[Tensor, Tensor]:
        """Return the users' vectors, and how much each was made from each event.

        Parameters
        ----------
        users : UserBatch
            Ids, attributes and histories, whose order says nothing.
        items : float, shape (items, dim)
            Not read: histories have vectors of their own.

        Returns
        -------
        vectors : float, shape (batch, dim)
            Not yet of unit length.
        attention : float, shape (batch, 1 + length)
            First the id and the attributes, as much as one event; a row sums to 1.
        """
        closed, trained = self.joined[0] * self.regressed(users), self.joined[1] * self(users)
        attention = F.pad(users.history.weights, (1, 0), value=1.0)
        return torch.cat([closed, trained], dim=1), F.normalize(attention, p=1, dim=1)


class _Bag:
    """Weighted sums over the histories of a batch, fillers left out."""

    def __init__(self, users: UserBatch) -> None:
        self.inside = users.history.items >= 0
        self.items = users.history.items[self.inside]
        self.weights = users.history.weights[self.inside]
        lengths = self.inside.sum(dim=1)
        self.starts = lengths.cumsum(0) - lengths
        self.total = users.history.weights.sum(dim=1)

    def sum(self, table: Tensor, factors: Tensor | None = None) -> Tensor:
        """Return the sum of rows of a table, shape (batch, columns), each times a factor."""
        weights = self.weights if factors is None else self.weights * factors[self.inside]
        return F.embedding_bag(
            self.items, table, self.starts, mode="sum", per_sample_weights=weights
        )


def _stars(levels: tuple[float, ...]) -> Tensor:
    """Return how good each rating code is, about -1.5 to 1.5; 0 for no rating."""
    known = torch.tensor(levels)
    spread = known.std() if len(known) > 1 else torch.tensor(1.0)
    return F.pad((known - known.mean()) / spread if len(known) else known, (1, 0))
