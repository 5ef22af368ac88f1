"""Constructor fields that the pydantic adapters (LlamaIndex, LangChain) share; knows neither framework."""

from __future__ import annotations

from copy import copy
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, SecretStr, model_validator
from typing_extensions import Self

from rerank_plugins.core.options import CallOptions
from rerank_plugins.integrations._request import OnError, TextLess  # noqa: TC001 - pydantic reads them at runtime
from rerank_plugins.integrations._shared import LOAD_DEFAULTS, handle_for, resolved
from rerank_plugins.integrations.models import ModelHandle, refuse_live


class ModelFields(BaseModel):
    """Which model, and how it is loaded: on first use, and once for equal options in the process."""

    model_config = ConfigDict(extra="forbid", arbitrary_types_allowed=True)

    model: str | None = Field(default=None, description="Hub id, local directory, 'embedded' or 'https://...'.")
    reranker: Any = Field(
        default=None, exclude=True, repr=False, description="A live object with score(); instead of model."
    )
    instruction: str | None = Field(default=None, description="Default instruction of every call.")
    normalize: bool | None = Field(default=None, description="None: vendor's default; True: 0..1; False: logits.")
    token: SecretStr | None = Field(default=None, exclude=True, repr=False, description="Hub token or API key.")
    family: str | None = Field(default=None, description="Family name; None detects it.")
    revision: str | None = Field(default=None, description="Revision on the hub.")
    local_files_only: bool = Field(default=False, description="Never use the network to load.")
    cache_dir: str | None = Field(default=None, description="Where files from the hub are kept.")
    device: str | list[str] | None = Field(default=None, description="'cpu', 'cuda:1', or a list of devices.")
    dtype: str = Field(default="auto", description="'auto', 'float32', 'bfloat16' or 'float16'.")
    quantize: str | None = Field(default=None, description="'int8' (CPU).")
    max_length: int | None = Field(default=None, description="Longest sequence in tokens.")
    max_query_length: int | None = Field(default=None, description="Longest query in tokens.")
    long_documents: str = Field(default="truncate", description="'truncate', or 'passages': the best one counts.")
    overlap_tokens: int = Field(default=80, description="How many tokens neighbouring passages share.")
    instruction_policy: str = Field(
        default="raise", description="'ignore' drops an instruction that the family cannot take."
    )
    max_documents: int = Field(default=1_000_000, description="Most documents of one call.")
    max_characters: int = Field(default=10_000_000, description="Most characters of one text.")
    batch_tokens: int | None = Field(default=None, description="Token budget of one forward.")
    cache_size: int | None = Field(default=None, description="How many rows' vectors to keep; None: the family's.")
    engine: str = Field(default="torch", description="'torch', 'vllm', or the URL of a vLLM server.")
    engine_options: dict[str, Any] | None = Field(default=None, description="Arguments of vLLM's engine.")
    dialect: str | None = Field(default=None, description="What the server at a URL speaks: 'vllm', 'tei', ...")
    model_name: str | None = Field(default=None, description="The model's name on a server.")
    timeout: float = Field(default=60.0, description="Seconds for one request to a server.")
    max_concurrency: int = Field(default=8, description="Most requests to a server at a time.")
    family_options: dict[str, Any] = Field(default_factory=dict, description="Options of the model's family.")
    _handle: ModelHandle | None = PrivateAttr(default=None)

    @model_validator(mode="after")
    def _check_model(self) -> Self:
        self._model()
        return self

    def close(self) -> None:
        """Give up the model; it is freed when no other component uses it. The next call loads it again."""
        self._model().close()

    def _model(self) -> ModelHandle:
        """Return the handle of the model that the fields name now; fields may be assigned at any time."""
        wanted = handle_for(
            model=self.model,
            reranker=self.reranker,
            token=None if self.token is None else self.token.get_secret_value(),
            load={name: getattr(self, name) for name in LOAD_DEFAULTS},
            family_options=self.family_options,
        )
        if self._handle is None or self._handle != wanted:
            self._handle = wanted
        return self._handle

    def __copy__(self) -> Self:
        copied = super().__copy__()
        copied._handle = copy(self._handle)  # its own claim: closing the copy leaves the original alone
        return copied

    def __deepcopy__(self, memo: dict[int, Any] | None = None) -> Self:
        # A live reranker is shared, as a loaded model would be: weights are never copied.
        return super().__deepcopy__({**(memo or {}), id(self.reranker): self.reranker})

    def __getstate__(self) -> dict[Any, Any]:
        refuse_live(self.reranker)
        return super().__getstate__()


class RankFields(ModelFields):
    """What a ranking returns by default; each can be overridden per call."""

    top_n: int | None = Field(default=None, gt=0, strict=True, description="How many to return; None: all.")
    threshold: float | None = Field(default=None, allow_inf_nan=False, description="Lowest score to return.")
    text_less: TextLess = Field(
        default="last", description="Inputs without text: unscored after the others, an error, or left out."
    )
    on_error: OnError = Field(
        default="raise", description="'keep_order': a failed call returns its inputs as they came, each marked."
    )

    def with_options(
        self, *, instruction: str | None = None, top_n: int | None = None, threshold: float | None = None
    ) -> Self:
        """Return a copy over the same model with other defaults; ``None`` keeps what is set here.

        Raises:
            ArgumentError: ``top_n`` is not positive, or ``threshold`` is not a number.
        """
        given = CallOptions(instruction=instruction, top_n=top_n, threshold=threshold).over(self._defaults())
        return self.model_copy(
            update={"instruction": given.instruction, "top_n": given.top_n, "threshold": given.threshold}
        )

    def _defaults(self) -> CallOptions:
        return CallOptions(instruction=self.instruction, top_n=self.top_n, threshold=self.threshold)

    def _options(self, call: CallOptions) -> CallOptions:
        return resolved(call, self._defaults())
