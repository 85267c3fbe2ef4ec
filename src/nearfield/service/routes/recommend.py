"""Recommend: for a user, for attributes, for a few likes."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import Field
from starlette.responses import Response

from nearfield.catalogue.catalogue import Catalogue
from nearfield.pipelines.listening_limits import AT_MOST, JUST_PLAYED
from nearfield.pipelines.names import SOUND
from nearfield.recommend.ask import MOST, Ask
from nearfield.service.arms import Arms, arm_of
from nearfield.service.bodies import Body, Id
from nearfield.service.replies import Answer, answer
from nearfield.service.state import CatalogueOf, Service, ServiceOf
from nearfield.types import PublicId, Recommendations

router = APIRouter(prefix="/api/catalogues/{catalogue}", tags=["recommend"])

_MANY = 10_000


class Weighted(Body):
    """An item that counts more or less than others."""

    item: Id
    weight: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 1.0


Items = Annotated[list[Id | Weighted], Field(max_length=_MANY)]
Ids = Annotated[list[Id], Field(max_length=_MANY)]


class Wish(Body):
    """What is asked for; every part may be missing."""

    user: Id | None = None
    attributes: dict[str, str | int] = Field(default_factory=dict)
    liked: Items = Field(default_factory=list)
    listened: Items = Field(default_factory=list)
    disliked: Items = Field(default_factory=list)
    spaces: str | dict[str, float] | None = None
    k: Annotated[int, Field(ge=1, le=MOST)] = 10
    exclude: Ids = Field(default_factory=list)
    allow: Ids | None = None
    where: Annotated[str | None, Field(max_length=2000)] = None
    diversity: Annotated[float, Field(ge=0, le=1)] = 0.0
    repeat: Annotated[int | None, Field(ge=-1)] = None
    """So many of the newest events may not come again; -1: nothing may; of songs 50 by default."""
    at_most: dict[str, Annotated[int, Field(ge=1)]] | None = None
    versions: Literal["one", "all"] = "one"
    explain: bool = True
    arms: Arms | None = None


@router.post("/recommend", response_model=Answer)
async def recommend(catalogue: CatalogueOf, service: ServiceOf, wish: Wish) -> Response:
    """Recommend items, best first.

    While Milvus does not answer, neither does this fail: `degraded` tells what the list is then.
    """
    return await find_recommended(service, catalogue, wish)


async def find_recommended(service: Service, catalogue: Catalogue, wish: Wish) -> Response:
    """Answer `recommend`."""
    arm = None
    if wish.arms is not None:
        arm, changes = arm_of(wish.arms, wish.user)
        wish = wish.model_copy(update=changes)
    found = await service.run(_found, service, catalogue, wish)
    if arm is not None and found.degraded is None:
        items = [one.item for one in found]
        await service.write(_log_arm, service, catalogue, wish, arm, items)
    return answer(found, arm)


def _found(service: Service, catalogue: Catalogue, wish: Wish) -> Recommendations:
    space = wish.spaces or service.recommenders.default_space(catalogue.name)
    asked = service.recommenders.get(catalogue.name, space, wish.versions)
    return asked.recommend(_ask(wish, sound=space == SOUND))


def _ask(wish: Wish, sound: bool) -> Ask:
    """Return the wish as recommenders read it; songs may come again, and are spread by artist."""
    at_most: Mapping[str, int] | None = wish.at_most
    repeat = wish.repeat
    if sound:
        at_most = AT_MOST if at_most is None else at_most
        repeat = JUST_PLAYED if repeat is None else repeat
    repeat = None if repeat == -1 else repeat
    return Ask(
        user=wish.user,
        attributes=wish.attributes,
        liked=_weights(wish.liked),
        listened=_weights(wish.listened),
        disliked=_weights(wish.disliked),
        k=wish.k,
        exclude=wish.exclude,
        repeat=repeat,
        at_most=at_most or {},
        allow=wish.allow,
        where=wish.where,
        diversity=wish.diversity,
        explain=wish.explain,
    )


def _weights(items: Sequence[PublicId | Weighted]) -> dict[PublicId, float]:
    return {
        one.item if isinstance(one, Weighted) else one: (
            one.weight if isinstance(one, Weighted) else 1.0
        )
        for one in items
    }


def _log_arm(
    service: Service, catalogue: Catalogue, wish: Wish, arm: str, items: Sequence[PublicId]
) -> None:
    assert wish.arms is not None
    assert wish.user is not None  # `arm_of` has seen to it
    keys = catalogue.item_keys(items).tolist()
    user = catalogue.user_key(wish.user)
    service.stores.catalogues.arms(catalogue.name).log(wish.arms.experiment, arm, user, keys)
