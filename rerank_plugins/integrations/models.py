"""Claims on models, for adapters of any kind: load on first use, load once, share, free; never scores."""

from __future__ import annotations

import asyncio
import json
import os
import threading
import weakref
from concurrent.futures import Future
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from rerank_plugins.errors import ArgumentTypeError, ClosedError

if TYPE_CHECKING:
    from collections.abc import Mapping

_SHARED: weakref.WeakValueDictionary[str, SharedModel] = weakref.WeakValueDictionary()
_SHARED_LOCK = threading.Lock()
_FORKED = (
    "The model of this component was loaded before this process was forked, and cannot be used here. Use "
    "components in the new process only; or close() this one, which then loads anew; or start processes with "
    'multiprocessing.get_context("spawn").'
)


class SharedModel:
    """One set of options and, from the first use on, the one model loaded for it.

    Whoever needs the model keeps this object; the model is closed when nobody does any more.
    """

    def __init__(self, options: Mapping[str, Any]) -> None:
        self._options = dict(options)
        self._lock = threading.Lock()
        self._loading: Future[Any] | None = None
        self._process = os.getpid()

    def get(self) -> Any:
        """Return the model; the first caller loads it, callers meanwhile wait for the same load.

        Raises:
            ClosedError: It was loaded before this process was forked.
        """
        loading, is_first = self._claimed()
        if is_first:
            self._load_into(loading)
        return loading.result()

    async def aget(self) -> Any:
        """Return the model like ``get``, but load in a thread of its own, never on the event loop."""
        loading, is_first = self._claimed()
        if is_first:
            threading.Thread(
                target=self._load_into, args=(loading,), name="rerank-plugins-load", daemon=True
            ).start()
        return loading.result() if loading.done() else await asyncio.wrap_future(loading)

    def _claimed(self) -> tuple[Future[Any], bool]:
        """Return the future of the load, and whether this caller has to do the loading."""
        if self._loading is not None and self._process != os.getpid():
            raise ClosedError(_FORKED)  # whoever is still loading does so in the other process only
        with self._lock:
            self._process = os.getpid()
            if self._loading is not None:
                return self._loading, False
            self._loading = Future()
            # A running future cannot be cancelled: a caller who gives up must not stop the others.
            self._loading.set_running_or_notify_cancel()
            return self._loading, True

    def _load_into(self, loading: Future[Any]) -> None:
        try:
            reranker = _load(self._options)
        except BaseException as error:  # noqa: BLE001 - whatever it is, those who wait must hear it
            with self._lock:
                self._loading = None  # the next caller tries again
            loading.set_exception(error)
        else:
            # At interpreter exit the process frees everything anyway, and threads may be gone already.
            weakref.finalize(self, _close, reranker).atexit = False
            loading.set_result(reranker)


class LiveModel:
    """The same face for a reranker that the caller made and will close."""

    def __init__(self, reranker: object) -> None:
        self._reranker = reranker

    def get(self) -> Any:
        """Return the reranker."""
        return self._reranker

    async def aget(self) -> Any:
        """Return the reranker."""
        return self._reranker


class ModelHandle:
    """What an adapter holds instead of weights: cheap to make, copy and pickle; loads on first use.

    Args:
        options: Keyword arguments for ``rerank_plugins.load``, plain JSON types only. Handles with equal
            options share one model in the process.
        reranker: A live object with ``score`` instead; it is never closed by the handle.

    Raises:
        ArgumentTypeError: an option is not a JSON type, or ``reranker`` has no ``score`` method.
    """

    def __init__(self, options: Mapping[str, Any] | None = None, *, reranker: object | None = None) -> None:
        if reranker is not None and not callable(getattr(reranker, "score", None)):
            raise ArgumentTypeError(
                f"reranker must have a method score(query, documents), {type(reranker).__name__} has none. "
                "To load a model by name, pass model= instead."
            )
        self._options = {} if options is None else dict(options)
        self._live = reranker
        self._key = _canonical(self._options)
        self._share: SharedModel | LiveModel | None = None

    @property
    def live(self) -> object | None:
        """The caller's own reranker, or ``None`` where the model is loaded from options."""
        return self._live

    @property
    def name(self) -> str:
        """The model's name for traces and messages; known without loading."""
        if self._live is None:
            return str(self._options.get("model"))
        return str(getattr(getattr(self._live, "info", None), "model", type(self._live).__name__))

    def share(self) -> SharedModel | LiveModel:
        """Return what gives the model; keep it for as long as the model is used."""
        if self._live is not None:
            return LiveModel(self._live)
        with _SHARED_LOCK:
            if self._share is None:
                self._share = _SHARED.setdefault(self._key, SharedModel(self._options))
            return self._share

    def get(self) -> Any:
        """Return the model, loading it if nobody has yet; valid while this handle or a copy is kept."""
        return self.share().get()

    async def aget(self) -> Any:
        """Return the model, loading it off the event loop if nobody has yet."""
        return await self.share().aget()

    def close(self) -> None:
        """Give up this claim; the last one frees the model. Using the handle again loads again."""
        self._share = None

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ModelHandle):
            return NotImplemented
        return self._live is other._live and self._key == other._key

    def __hash__(self) -> int:
        return hash((id(self._live), self._key))

    def __repr__(self) -> str:
        return f"ModelHandle({self.name!r})"

    def __copy__(self) -> ModelHandle:
        copied = ModelHandle(self._options, reranker=self._live)
        copied._share = self.share()  # claimed by both, or a short-lived copy would load the model and free it
        return copied

    def __deepcopy__(self, memo: object) -> ModelHandle:
        return self.__copy__()

    def __reduce__(self) -> tuple[type[ModelHandle], tuple[dict[str, Any]]]:
        refuse_live(self._live)
        return ModelHandle, (self._options,)


def refuse_live(reranker: object | None) -> None:
    """Raise unless the component can be written down, that is, was made from ``model=``."""
    if reranker is not None:
        raise ArgumentTypeError(
            f"A component made with reranker= ({type(reranker).__name__}) cannot be pickled or serialized, "
            "because the live object holds weights. Pass model= and the options of load() instead."
        )


def _canonical(options: Mapping[str, Any]) -> str:
    """Return the same text for equal options; the token appears in it only as a digest."""
    token = options.get("token")
    secret = {} if token is None else {"token": sha256(str(token).encode()).hexdigest()}
    try:
        return json.dumps({**options, **secret}, sort_keys=True)
    except TypeError as error:
        raise ArgumentTypeError(
            f"Options of a component must be plain JSON types (text, numbers, lists, dicts): {error}. "
            "To use anything else, load the model yourself and pass reranker=load(...)."
        ) from error


def _load(options: Mapping[str, Any]) -> Any:
    # Late, because torch comes with it, which a component that is never used should not cost.
    from rerank_plugins.core.loading import load

    return load(**options)


def _close(reranker: Any) -> None:
    close = getattr(reranker, "close", None)
    if close is not None:
        close()
