"""Text to token ids, the same for every thread; knows no prompt and no model.

The tokenizer is built from ``tokenizer.json`` alone and never reconfigured afterwards: truncation and padding
switches are shared mutable state, and callers with different limits would corrupt each other's ids.
Text from outside is untrusted: an added token (``[SEP]``, ``<|im_end|>``, ...) that stands literally in it is
encoded as plain text.
"""

from __future__ import annotations

import json
import re
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tokenizers import Tokenizer

from rerank_plugins.errors import CheckpointMismatchError, ModelNotFoundError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tokenizers import Encoding

    from rerank_plugins.core.checkpoint import Checkpoint

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_NO_LIMIT = 10**9  # transformers writes 1e30 for "no limit"


@dataclass(frozen=True, slots=True)
class PairFrame:
    """The special tokens that a tokenizer puts around one text or a pair, with their segment ids."""

    before: tuple[int, ...]
    between: tuple[int, ...]
    after: tuple[int, ...]
    type_ids: tuple[int, int, int, int, int] = (0, 0, 0, 0, 0)
    """Segment of: before, first text, between, second text, after."""

    def __len__(self) -> int:
        return len(self.before) + len(self.between) + len(self.after)


class TextTokenizer:
    """Encodes untrusted text without special tokens, limits or state; safe to share between threads.

    Args:
        checkpoint: Where ``tokenizer.json`` and ``tokenizer_config.json`` are.

    Raises:
        ModelNotFoundError: There is no ``tokenizer.json``.
        CheckpointMismatchError: The file is not a tokenizer.
    """

    def __init__(self, checkpoint: Checkpoint) -> None:
        spec = _read_spec(checkpoint)
        self._name = checkpoint.name
        self._trusted = _build(spec, checkpoint.name)
        self._plain = _build(_without_added_tokens(spec), checkpoint.name)
        limit = checkpoint.json("tokenizer_config.json").get("model_max_length")
        self.model_max_length: int | None = int(limit) if limit is not None and limit < _NO_LIMIT else None

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the ids of each text, without special tokens and never cut."""
        cleaned = [_LONE_SURROGATE.sub("\ufffd", text) for text in texts]
        return [found.ids for found in self._plain.encode_batch_fast(cleaned, add_special_tokens=False)]

    def pair_frame(self) -> PairFrame:
        """Return the special tokens around a pair of texts, as the tokenizer's own post-processor puts them."""
        return _pair_frame(self._trusted.encode("a", "a"))

    def single_frame(self) -> PairFrame:
        """Return the special tokens around one text; ``between`` is empty."""
        return _pair_frame(self._trusted.encode("a"))


def _read_spec(checkpoint: Checkpoint) -> dict[str, Any]:
    spec = checkpoint.json("tokenizer.json")
    if not spec:
        raise ModelNotFoundError(
            f"{checkpoint.name}: no tokenizer.json in {checkpoint.directory}. Write one with "
            "AutoTokenizer.from_pretrained(...).save_pretrained(...)."
        )
    return {**spec, "truncation": None, "padding": None}


def _build(spec: dict[str, Any], name: str) -> Tokenizer:
    try:
        return Tokenizer.from_str(json.dumps(spec))
    except Exception as error:  # the tokenizers library raises bare Exception
        raise CheckpointMismatchError(f"{name}: tokenizer.json cannot be read: {error}") from error


def _without_added_tokens(spec: dict[str, Any]) -> dict[str, Any]:
    """Return a tokenizer in which no text can produce an added token.

    Each added token keeps its id, but its text becomes a random string that no document can contain. Merely
    dropping the entries is not enough: a Unigram or BPE vocabulary may still match ``</s>`` as one piece, and
    later ids would move. Runs of blanks stay: they are how some tokenizers write ordinary indentation.
    """
    nonce = secrets.token_hex(16)
    entries: list[dict[str, Any]] = spec["added_tokens"]
    hidden = {entry["content"]: f"{nonce}:{entry['id']}" for entry in entries if not _harmless(entry["content"])}
    renamed = [{**entry, "content": hidden.get(entry["content"], entry["content"])} for entry in entries]
    model = _renamed_model(spec["model"], hidden)
    return {**spec, "added_tokens": renamed, "model": model, "post_processor": None}


def _harmless(content: str) -> bool:
    return len(content) == 1 or not content.replace("\u2581", " ").strip()


def _renamed_model(model: dict[str, Any], hidden: dict[str, str]) -> dict[str, Any]:
    vocabulary = model["vocab"]
    changed = dict(model)
    if isinstance(vocabulary, dict):
        changed["vocab"] = {hidden.get(piece, piece): number for piece, number in vocabulary.items()}
    else:
        changed["vocab"] = [[hidden.get(piece, piece), weight] for piece, weight in vocabulary]
    if model.get("unk_token") is not None:
        changed["unk_token"] = hidden.get(model["unk_token"], model["unk_token"])
    if "merges" in model:
        changed["merges"] = [merge for merge in model["merges"] if not _makes(merge, hidden)]
    return changed


def _makes(merge: str | list[str], hidden: dict[str, str]) -> bool:
    left, right = merge.split(" ", 1) if isinstance(merge, str) else merge
    return left in hidden or right in hidden or left + right in hidden


def _pair_frame(encoding: Encoding) -> PairFrame:
    owners = encoding.sequence_ids
    first = [place for place, owner in enumerate(owners) if owner == 0]
    second = [place for place, owner in enumerate(owners) if owner == 1]
    ids, types = encoding.ids, encoding.type_ids
    inner = first[-1] + 1
    outer = second[0] if second else len(ids)
    last = second[-1] + 1 if second else len(ids)
    between, after = (slice(inner, outer), slice(last, None)) if second else (slice(0), slice(inner, None))
    return PairFrame(
        before=tuple(ids[: first[0]]),
        between=tuple(ids[between]),
        after=tuple(ids[after]),
        type_ids=(
            _only(types[: first[0]]),
            types[first[0]],
            _only(types[between]),
            types[second[0]] if second else 0,
            _only(types[after]),
        ),
    )


def _only(types: list[int]) -> int:
    return types[0] if types else 0
