"""Text to token ids, the same for every thread; knows no prompt and no model.

The tokenizer is built from ``tokenizer.json`` alone and never reconfigured afterwards: truncation and padding
switches are shared mutable state, and callers with different limits would corrupt each other's ids.
Text from outside is untrusted: an added token (``[SEP]``, ``<|im_end|>``, ...) that stands literally in it is
encoded as plain text.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from tokenizers import Tokenizer

from rerank_plugins.core.frames import PairFrame, frame_of
from rerank_plugins.core.plain_text import hidden_names, without_added_tokens
from rerank_plugins.errors import CheckpointMismatchError, ModelNotFoundError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rerank_plugins.core.checkpoint import Checkpoint

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_NO_LIMIT = 10**9  # transformers writes 1e30 for "no limit"


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
        self.checkpoint = checkpoint
        self._trusted = _build(spec, checkpoint.name)
        self._hidden = hidden_names(spec)
        self._plain = _build(without_added_tokens(spec, self._hidden), checkpoint.name)
        self._added = tuple(sorted(self._hidden, key=len, reverse=True))
        self._added_pattern = re.compile("|".join(map(re.escape, self._added)) or "(?!)")
        self._config = checkpoint.json("tokenizer_config.json")
        self.default_prompt = checkpoint.default_prompt()
        limit = self._config.get("model_max_length")
        self.model_max_length: int | None = int(limit) if limit is not None and limit < _NO_LIMIT else None

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the ids of each text, without special tokens and never cut."""
        cleaned = [_LONE_SURROGATE.sub("\ufffd", text) for text in texts]
        return [found.ids for found in self._plain.encode_batch_fast(cleaned, add_special_tokens=False)]

    def encode_with_places(self, text: str) -> list[tuple[int, int, int]]:
        """Return ``(id, first character, end character)`` of each token of one text."""
        found = self._plain.encode(_LONE_SURROGATE.sub("\ufffd", text), add_special_tokens=False)
        return [(number, *place) for number, place in zip(found.ids, found.offsets, strict=True)]

    def added_tokens(self) -> tuple[str, ...]:
        """Return the text of every added token, longer ones first; harmless ones are left out."""
        return self._added

    def spells_added_token(self, text: str) -> bool:
        """Return whether an added token stands literally in a text."""
        return self._added_pattern.search(text) is not None

    def spelled(self, text: str) -> list[str]:
        """Return the added tokens that stand literally in a text, in order."""
        return self._added_pattern.findall(text)

    def named(self, text: str) -> str:
        """Return a prompt's own text with its added tokens under names that no other text can contain.

        Joined with text from outside and encoded, only these names become added tokens, whatever the rest says
        and however a normalizer rewrites it.
        """
        return self._added_pattern.sub(lambda found: self._hidden[found.group()], text)

    def encode_trusted(self, text: str) -> list[int]:
        """Return the ids of a prompt's own text, in which special tokens count as such."""
        cleaned = _LONE_SURROGATE.sub("\ufffd", text)
        return list(self._trusted.encode(cleaned, add_special_tokens=False).ids)

    def special_id(self, role: str) -> int | None:
        """Return the id of ``"bos_token"``, ``"pad_token"``, ..., or ``None`` where there is no such token."""
        content = self.special_text(role)
        return None if content is None else self._trusted.token_to_id(content)

    def special_text(self, role: str) -> str | None:
        """Return the text of ``"bos_token"``, ``"pad_token"``, ..., or ``None`` where there is no such token.

        Raises:
            CheckpointMismatchError: It is no text.
        """
        token = self._config.get(role)
        text = token.get("content") if isinstance(token, dict) else token
        if text is not None and not isinstance(text, str):
            raise CheckpointMismatchError(
                f"{self.checkpoint.name}: tokenizer_config.json has no text for {role}, but "
                f"{type(text).__name__}. Download or save it again."
            )
        return text

    def chat_template(self) -> str:
        """Return the checkpoint's own chat template (Jinja).

        Raises:
            ModelNotFoundError: There is none.
        """
        path = self.checkpoint.directory / "chat_template.jinja"
        found = path.read_text(encoding="utf-8") if path.is_file() else self._config.get("chat_template")
        if not isinstance(found, str):
            raise ModelNotFoundError(
                f"{self.checkpoint.name}: no chat_template.jinja in {self.checkpoint.directory}. Save the model "
                "again with sentence-transformers, or pass the family= it belongs to."
            )
        return found

    def label_id(self, word: str) -> int:
        """Return the id of a word that stands for a score.

        Raises:
            CheckpointMismatchError: The word is not exactly one token.
        """
        ids = self.encode_trusted(word)
        if len(ids) != 1:
            raise CheckpointMismatchError(
                f"{self.checkpoint.name}: the label {word!r} must be one token, but it is {len(ids)}. "
                "This is not the tokenizer the model was trained with."
            )
        return ids[0]

    def token(self, number: int) -> str:
        """Return the token as the vocabulary spells it, which is not always the text it stands for.

        Raises:
            CheckpointMismatchError: There is no such token.
        """
        found = self._trusted.id_to_token(number)
        if found is None:
            raise CheckpointMismatchError(f"{self.checkpoint.name}: the tokenizer has no token {number}.")
        return found

    def pair_frame(self) -> PairFrame:
        """Return the special tokens around a pair of texts, as the tokenizer's own post-processor puts them."""
        return frame_of(self._trusted.encode("a", "a"))

    def single_frame(self) -> PairFrame:
        """Return the special tokens around one text; ``between`` is empty."""
        return frame_of(self._trusted.encode("a"))


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
