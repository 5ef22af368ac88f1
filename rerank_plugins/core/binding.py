"""Binds a family to one checkpoint on its devices: the model, its limits and its head; downloads nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from rerank_plugins.core.building import build_model, capacity
from rerank_plugins.core.cache import CachedReads
from rerank_plugins.core.devices import batch_budget
from rerank_plugins.core.engine import Engine
from rerank_plugins.core.fitting import fit
from rerank_plugins.core.forwards import forward_for
from rerank_plugins.core.int8 import Int8, check_int8
from rerank_plugins.core.linears import fastest
from rerank_plugins.core.replicas import behind_one
from rerank_plugins.core.scheduler import MERGED_FORWARDS, Scheduler
from rerank_plugins.core.scorer import Scorer
from rerank_plugins.core.tokenization import TextTokenizer
from rerank_plugins.errors import ArgumentError

if TYPE_CHECKING:
    import torch

    from rerank_plugins.core.checkpoint import Checkpoint
    from rerank_plugins.core.family import Family
    from rerank_plugins.core.lengths import Lengths
    from rerank_plugins.core.linears import Kernel


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """How a model is to be run in this process: arguments of ``load`` by their names, devices and dtype resolved.

    Raises:
        ArgumentError: A value that cannot be used.
    """

    devices: tuple[torch.device, ...]
    dtype: torch.dtype
    quantize: Literal["int8"] | None
    lengths: Lengths
    batch_tokens: int | None
    cache_size: int | None

    def __post_init__(self) -> None:
        size = self.cache_size
        if size is not None and (type(size) is not int or size < 0):
            raise ArgumentError(f"cache_size must be a whole number from 0 up, or None, got {size!r}.")
        _check_quantize(self.quantize, self.devices[0])

    @property
    def precision(self) -> str:
        """What the weights of linear layers are held in: ``"float32"``, ``"bfloat16"``, ``"int8"``."""
        return str(self.dtype).removeprefix("torch.") if self.quantize is None else self.quantize

    def kernel(self) -> Kernel:
        """Return what makes linear layers."""
        return Int8 if self.quantize == "int8" else fastest(self.dtype, self.devices[0])


def bind(checkpoint: Checkpoint, family: Family, settings: Settings) -> Scorer:
    """Load the model and return what scores with it.

    Only the base model and the scoring head stay in memory.
    """
    layers = family.readout.layers(checkpoint)
    depth = max(layers, default=None)
    models = [
        build_model(checkpoint, family.loader, settings.dtype, device, depth=depth) for device in settings.devices
    ]
    model = models[0]
    tokenizer = TextTokenizer(checkpoint)
    most = capacity(checkpoint, tokenizer, model) - family.template.overhead(tokenizer)
    pool, merging = family.readout.pool(model), family.loader.merging
    for replica in models:
        fit(replica, settings.kernel(), only_reads=pool == "reads")
    budgets = [batch_budget(settings.batch_tokens, replica) for replica in models]
    engines = [
        Engine(forward_for(replica, pool=pool, layers=layers, merging=merging), batch_tokens=budget)
        for replica, budget in zip(models, budgets, strict=True)
    ]
    kept = family.cache_size if settings.cache_size is None else settings.cache_size
    return Scorer(
        name=checkpoint.name,
        dtype=settings.precision,
        template=family.template,
        tokenizer=tokenizer,
        limits=settings.lengths.limits(family, most),
        head=family.readout.head(model, tokenizer),
        activation=family.activation(checkpoint),
        scheduler=Scheduler(
            CachedReads(behind_one(engines), size=kept), merged_tokens=MERGED_FORWARDS * sum(budgets)
        ),
    )


def _check_quantize(quantize: object, device: torch.device) -> None:
    if quantize is None:
        return
    if quantize != "int8":
        raise ArgumentError(f"quantize must be 'int8' or None, got {quantize!r}.")
    if device.type != "cpu":
        raise ArgumentError(f"quantize='int8' is for the CPU; on {device} use dtype='bfloat16'.")
    check_int8()
