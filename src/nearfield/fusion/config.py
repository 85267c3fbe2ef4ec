"""Every choice of the fusion model, each default written once; saved as JSON beside the weights."""

from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Objective = Literal["retrieval", "rating"]

_UNORDERED: Final = {
    "epochs": 24,
    "batch": 65_536,
    "learning_rate": 1.5e-3,
    "temperature": 0.1,
    "dropout": 0.3,
    "item_id_dropout": 0.2,
}
"""Defaults that histories read as sets want otherwise."""

_RATING: Final = {
    "epochs": 40,
    "batch": 512,
    "learning_rate": 5e-3,
    "dropout": 0.15,
    "user_id_dropout": 0.1,
}
"""Defaults that the objective `rating` wants otherwise."""

_WHOLE_HISTORY: Final = 10_000
"""Events read of a set: all that people have; more is a machine's."""


class FusionConfig(BaseModel):
    """What to compute: the shape of both towers, the objective, and how to train."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    objective: Annotated[
        Objective, Field(description="rank what is taken next, or predict the rating")
    ] = "retrieval"
    ordered: Annotated[
        bool, Field(description="read the history in its order; otherwise as a set")
    ] = True
    dim: Annotated[int, Field(ge=8, le=1024, description="length of the output vectors")] = 200
    width: Annotated[
        int, Field(ge=8, le=1024, multiple_of=8, description="size of a history token")
    ] = 128
    id_dim: Annotated[int, Field(ge=8, le=1024, description="size of the id embeddings")] = 256
    layers: Annotated[int, Field(ge=0, le=8, description="attention layers over the history")] = 2
    heads: Annotated[int, Field(ge=1, le=16, description="attention heads of each layer")] = 4
    window: Annotated[
        int, Field(ge=1, le=1000, description="how many of the newest events are read")
    ] = 64
    dropout: Annotated[float, Field(ge=0, lt=1, description="share of units zeroed")] = 0.2
    user_id_dropout: Annotated[
        float, Field(ge=0, le=1, description="share of users whose id is hidden in training")
    ] = 0.5
    attribute_dropout: Annotated[
        float, Field(ge=0, le=1, description="share of attributes hidden in training")
    ] = 0.3
    item_id_dropout: Annotated[
        float, Field(ge=0, le=1, description="share of item ids hidden in training")
    ] = 0.05
    temperature: Annotated[
        float, Field(gt=0, le=1, description="first value; divides the cosines, then learned")
    ] = 0.07
    cold_weight: Annotated[
        float, Field(ge=0, description="weight of the loss of the vector without history")
    ] = 0.2
    closed_share: Annotated[
        float, Field(ge=0, lt=1, description="weight of the regression, where order is not read")
    ] = 0.35
    penalty: Annotated[
        float, Field(ge=0, description="of each rating, against vectors far from the average one")
    ] = 0.05
    epochs: Annotated[int, Field(ge=1, le=1000, description="passes over all events")] = 8
    batch: Annotated[
        int,
        Field(ge=1, description="in a batch: history tokens, or users (rating)"),
    ] = 4096
    learning_rate: Annotated[float, Field(gt=0, description="highest of the schedule")] = 2e-3
    weight_decay: Annotated[float, Field(ge=0, description="of matrices, decoupled")] = 0.05
    seed: Annotated[int, Field(ge=0, description="weights, order, dropout")] = 0

    @model_validator(mode="before")
    @classmethod
    def _defaults_of_the_mode(cls, given: Any) -> Any:
        """Fill in what is not given and differs between the modes."""
        if isinstance(given, dict) and given.get("objective") == "rating":
            return {**_RATING, **given}
        if isinstance(given, dict) and given.get("ordered") is False:
            return {**_UNORDERED, **given}
        return given

    @property
    def reach(self) -> int:
        """How many of a user's newest events are read."""
        in_order = self.ordered and self.objective == "retrieval"
        return self.window if in_order else _WHOLE_HISTORY
