"""Which space is asked, and which versions answer for it."""

from collections.abc import Mapping

from nearfield.pipelines.recommenders import read_space
from nearfield.service.state import Service


def asked_space(
    service: Service, catalogue: str, space: str | Mapping[str, float] | None
) -> str | dict[str, float]:
    """Return the space that is meant, by name or by weights; the default where none is named."""
    if not space:
        return service.recommenders.default_space(catalogue)
    return space if isinstance(space, str) else dict(space)


def models_of(service: Service, catalogue: str, space: str | Mapping[str, float]) -> dict[str, str]:
    """Return the version of each space that answers."""
    return {
        name: service.recommenders.open(catalogue, name).space.version for name in read_space(space)
    }


def name_of(models: Mapping[str, str], space: str | Mapping[str, float]) -> str:
    """Return what an answer of some spaces is called."""
    return "blend" if len(models) > 1 else next(iter(models), str(space))
