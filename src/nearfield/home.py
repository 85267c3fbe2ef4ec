"""The Python API: one Nearfield home, as a class."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from platformdirs import user_data_path

from nearfield.evaluate.rows import Row
from nearfield.home_data import HomeData
from nearfield.pipelines.extras import needs_extras
from nearfield.pipelines.models import StoredModel
from nearfield.pipelines.progress import Progress, Steps, finish
from nearfield.pipelines.publish import publish, rollback
from nearfield.pipelines.recommenders import Recommenders
from nearfield.pipelines.refresh import Refreshed, refresh
from nearfield.pipelines.stores import Stores
from nearfield.pipelines.train import train
from nearfield.pipelines.workers import ALONE, Workers
from nearfield.recommend.ask import Ask
from nearfield.types import PublicId, Recommendations
from nearfield.vectors.options import MilvusOptions
from nearfield.vectors.spaces import Space

if TYPE_CHECKING:
    from nearfield.home_music import Music
    from nearfield.pipelines.evaluate import Protocol


class Nearfield(HomeData):
    """One home: its catalogues, models and spaces. May be used from several threads.

    What takes long comes twice: `train` returns when it is done; `iter_train` yields `Progress`
    on the way and returns the same (``model = yield from home.iter_train("fusion")``).

    Parameters
    ----------
    home : path, optional
        Folder of all state; the platform's data folder where not given. (Only the command line
        reads the environment.)
    milvus_uri, milvus_token : str, optional
        A Milvus server, and ``user:password``; Milvus Lite inside the home where not given.
    database_url : str, optional
        SQLAlchemy's form of an address; SQLite inside the home where not given.
    milvus : MilvusOptions, optional
        How the Milvus server is reached and asked: replicas, TLS, patience.
    """

    def __init__(
        self,
        home: Path | str | None = None,
        *,
        milvus_uri: str | None = None,
        milvus_token: str | None = None,
        database_url: str | None = None,
        milvus: MilvusOptions | None = None,
    ) -> None:
        folder = user_data_path("nearfield") if home is None else Path(home)
        stores = Stores(folder, milvus_uri, milvus_token, database_url, milvus=milvus)
        super().__init__(stores, milvus)
        self._recommenders = Recommenders(self.stores)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close SQL and Milvus, so that another process may open the same home."""
        self.stores.close()

    @property
    def music(self) -> "Music":
        """The catalogue of songs; needs the extra `sound`."""
        return self.music_of()

    def music_of(self, catalogue: str = "songs") -> "Music":
        """Return a catalogue of songs by name."""
        with needs_extras("sound"):
            # decoders and networks of sound are of no use to others, and may not be installed
            from nearfield.home_music import Music

        return Music(self.stores, self._recommenders, catalogue)

    def train(
        self,
        recommender: str = "fusion",
        *,
        catalogue: str | None = None,
        workers: Workers = ALONE,
        **config: Any,
    ) -> StoredModel:
        """Train a model and keep it.

        Parameters
        ----------
        recommender : {"fusion", "graph"}
            Which kind of model.
        catalogue : str, optional
            What to learn from; may be left out if there is only one.
        workers : Workers
            Who trains, e.g. ``Workers("ray", 4)``; this process where not given.
        config
            Fields of `FusionConfig` or `GraphConfig`, e.g. ``epochs=4``.
        """
        return finish(self.iter_train(recommender, catalogue=catalogue, workers=workers, **config))

    def iter_train(
        self,
        recommender: str = "fusion",
        *,
        catalogue: str | None = None,
        workers: Workers = ALONE,
        **config: Any,
    ) -> Steps[StoredModel]:
        """As `train`, yielding progress."""
        return train(self.stores, recommender, catalogue, config, workers)

    def publish(
        self,
        catalogue: str | None = None,
        model: Path | str | StoredModel | None = None,
        *,
        space: str | None = None,
    ) -> Space:
        """Let a model answer: the one given (itself or its folder), else the newest.

        Parameters
        ----------
        catalogue : str, optional
            Whose items; may be left out if there is only one.
        model : StoredModel or path, optional
            Which; where not given, the newest.
        space : str, optional
            The newest of this recommender, e.g. ``graph``; of all where not given.
        """
        return finish(self.iter_publish(catalogue, model, space=space))

    def iter_publish(
        self,
        catalogue: str | None = None,
        model: Path | str | StoredModel | None = None,
        *,
        space: str | None = None,
    ) -> Steps[Space]:
        """As `publish`, yielding progress."""
        folder = model.folder if isinstance(model, StoredModel) else model
        return publish(self.stores, catalogue, None if folder is None else Path(folder), space)

    def refresh(self, catalogue: str | None = None, *, space: str | None = None) -> list[Refreshed]:
        """Give items that came after training a vector by what is known of them now.

        Parameters
        ----------
        catalogue : str, optional
            Whose items; may be left out if there is only one.
        space : str, optional
            Which space, e.g. ``graph``; all that answer where not given.
        """
        return finish(self.iter_refresh(catalogue, space=space))

    def iter_refresh(
        self, catalogue: str | None = None, *, space: str | None = None
    ) -> Steps[list[Refreshed]]:
        """As `refresh`, yielding progress."""
        return refresh(self.stores, self._recommenders, catalogue, space)

    def recommend(
        self,
        user: PublicId | None = None,
        n: int = 10,
        *,
        catalogue: str | None = None,
        attributes: Mapping[str, str | int] | None = None,
        liked: Sequence[PublicId] | Mapping[PublicId, float] = (),
        disliked: Sequence[PublicId] | Mapping[PublicId, float] = (),
        exclude: Sequence[PublicId] = (),
        allow: Sequence[PublicId] | None = None,
        where: str | None = None,
        diversity: float = 0.0,
        space: str | Mapping[str, float] | None = None,
    ) -> Recommendations:
        """Recommend at most `n` items, best first, none that the user has seen.

        All parts may be missing; `Ask` describes them. `catalogue` may be left out if there is
        only one. `space` is ``fusion``, ``graph``, ``blend`` of both, or weights such as
        ``{"fusion": 0.6, "graph": 0.4}``. While a Milvus server does not answer, neither does this
        fail: `degraded` of the answer tells what it is then (see `Recommendations`).
        """
        ask = Ask(
            user=user,
            attributes=attributes or {},
            liked=liked or (),
            disliked=disliked or (),
            k=n,
            exclude=exclude,
            allow=allow,
            where=where,
            diversity=diversity,
        )
        return self._recommenders.get(catalogue, space).recommend(ask)

    def similar_items(
        self,
        item: PublicId,
        n: int = 10,
        *,
        catalogue: str | None = None,
        exclude: Sequence[PublicId] = (),
        where: str | None = None,
        diversity: float = 0.0,
        space: str | Mapping[str, float] | None = None,
    ) -> Recommendations:
        """Return at most `n` items nearest to one, best first, without itself.

        `space` as in `recommend`, and `degraded` of the answer, too.
        """
        recommender = self._recommenders.get(catalogue, space)
        return recommender.similar(item, n, where, diversity, exclude)

    def evaluate(
        self,
        catalogue: str | None = None,
        protocol: "Protocol" = "last-out",
        models: Sequence[str] = (),
        **config: Any,
    ) -> list[Row]:
        """Measure fusion, by name also graph and blend, beside the baselines.

        See `docs/evaluation.md`; `config` are settings of our models, for each that knows them.
        """
        return list(self.iter_evaluate(catalogue, protocol, models, **config))

    def iter_evaluate(
        self,
        catalogue: str | None = None,
        protocol: "Protocol" = "last-out",
        models: Sequence[str] = (),
        **config: Any,
    ) -> Iterator[Row]:
        """As `evaluate`, yielding each row as soon as it is measured."""
        with needs_extras():
            # the networks that are measured load torch, which those who answer do without
            from nearfield.pipelines.evaluate import Evaluation, evaluate, read_collection

        wanted = Evaluation(protocol, models, config)
        return evaluate(read_collection(self.stores, catalogue), wanted)

    def rollback(self, catalogue: str | None = None, space: str = "fusion") -> Space:
        """Let the version answer again that did before the last publish."""
        return rollback(self.stores, catalogue, space)

    def models(self, catalogue: str | None = None) -> list[StoredModel]:
        """Return the trained models, oldest first within each catalogue."""
        return self.stores.models.list(catalogue)

    def spaces(self) -> list[Space]:
        """Return the versions in Milvus: those that answer, and those kept for a rollback."""
        return self.stores.spaces.list()


__all__ = ["Nearfield", "Progress"]
