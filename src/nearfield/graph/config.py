"""Every choice of the graph model, each default written once; saved as JSON beside the weights."""

from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from nearfield.graph.walks import WalkConfig

Objective = Literal["retrieval", "margin"]

_MARGIN: Final = {"epochs": 20, "batch": 2048, "learning_rate": 1e-3, "item_id_dropout": 0.2}
"""Defaults that the objective `margin` wants otherwise."""

_EPOCHS: Final = 1_000_003
"""Keeps the walks of one seed apart from those of another."""


class GraphConfig(BaseModel):
    """What to compute: the walks, the convolutions, who reads a user, and how to train."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    objective: Annotated[
        Objective,
        Field(description="rank what is taken next, or pull items taken together near each other"),
    ] = "retrieval"
    dim: Annotated[int, Field(ge=8, le=1024, description="length of the output vectors")] = 256
    id_dim: Annotated[int, Field(ge=8, le=1024, description="size of the id embeddings")] = 256
    layers: Annotated[int, Field(ge=1, le=4, description="convolutions, one around the other")] = 2
    neighbours: Annotated[
        int, Field(ge=1, le=1000, description="most visited items kept for each item")
    ] = 10
    walks: Annotated[int, Field(ge=1, le=100_000, description="walks from each item")] = 100
    length: Annotated[
        int, Field(ge=1, le=100, description="steps item-user-item that a walk takes at most")
    ] = 8
    restart: Annotated[
        float, Field(ge=0, le=1, description="chance that a walk ends after a step")
    ] = 0.5
    width: Annotated[
        int, Field(ge=8, le=1024, multiple_of=8, description="size of a history token")
    ] = 128
    reader_layers: Annotated[
        int, Field(ge=0, le=8, description="attention layers over the history")
    ] = 2
    heads: Annotated[int, Field(ge=1, le=16, description="attention heads of each layer")] = 4
    window: Annotated[
        int, Field(ge=1, le=1000, description="how many of the newest events are read")
    ] = 64
    interests: Annotated[
        int, Field(ge=1, le=100, description="most interests that one user's history is parted in")
    ] = 5
    interest_share: Annotated[
        float, Field(ge=0, le=1, description="of a score, by the interest nearest to the item")
    ] = 0.0
    dropout: Annotated[float, Field(ge=0, lt=1, description="share of units zeroed")] = 0.2
    item_id_dropout: Annotated[
        float, Field(ge=0, le=1, description="share of item ids hidden in training")
    ] = 0.05
    temperature: Annotated[
        float, Field(gt=0, le=1, description="first value; divides the cosines, then learned")
    ] = 0.07
    whole_below: Annotated[
        int, Field(ge=0, description="items up to which a batch is ranked among all of them")
    ] = 50_000
    negatives: Annotated[
        int, Field(ge=1, description="random items added to each batch where not all are ranked")
    ] = 2048
    margin: Annotated[float, Field(gt=0, le=2, description="of the objective `margin`")] = 0.1
    hard_negatives: Annotated[
        int, Field(ge=0, le=100, description="most of them for each pair (`margin`)")
    ] = 6
    epochs: Annotated[int, Field(ge=1, le=1000, description="passes over all events")] = 6
    batch: Annotated[
        int, Field(ge=1, description="in a batch: history tokens, or pairs (margin)")
    ] = 4096
    learning_rate: Annotated[float, Field(gt=0, description="highest of the schedule")] = 2e-3
    weight_decay: Annotated[float, Field(ge=0, description="of matrices, decoupled")] = 0.05
    seed: Annotated[int, Field(ge=0, description="weights, walks, order, dropout")] = 0

    @model_validator(mode="before")
    @classmethod
    def _defaults_of_the_objective(cls, given: Any) -> Any:
        """Fill in what is not given and differs between the objectives."""
        if isinstance(given, dict) and given.get("objective") == "margin":
            return {**_MARGIN, **given}
        return given

    @property
    def walk(self) -> WalkConfig:
        """The settings of the random walks."""
        return WalkConfig(
            neighbours=self.neighbours, walks=self.walks, length=self.length, restart=self.restart
        )

    def walk_seed(self, epoch: int) -> int:
        """Return the seed of an epoch's walks: each epoch meets other neighbours.

        The number of epochs stands for what comes after training.
        """
        return self.seed * _EPOCHS + epoch
