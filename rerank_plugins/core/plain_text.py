"""Makes a tokenizer in which no text can produce an added token; knows no prompt and no model."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping


def hidden_names(spec: Mapping[str, Any]) -> dict[str, str]:
    """Return a random name for each added token that text must not produce; no document can contain it."""
    nonce = secrets.token_hex(16)
    vocabulary = spec["model"]["vocab"]
    letters = {piece if isinstance(piece, str) else piece[0] for piece in vocabulary}
    entries: list[dict[str, Any]] = spec["added_tokens"]
    return {entry["content"]: f"{nonce}:{entry['id']}" for entry in entries if not _harmless(entry, letters)}


def without_added_tokens(spec: dict[str, Any], hidden: Mapping[str, str]) -> dict[str, Any]:
    """Return a tokenizer in which only the hidden names, and no text, produce an added token.

    Each added token keeps its id, but its text becomes its hidden name. Merely dropping the entries is not
    enough: a Unigram or BPE vocabulary may still match ``</s>`` as one piece, and later ids would move. Runs of
    blanks stay: they are how some tokenizers write ordinary indentation.
    """
    renamed = [_renamed(entry, hidden) for entry in spec["added_tokens"]]
    model = _renamed_model(spec["model"], hidden)
    return {**spec, "added_tokens": renamed, "model": model, "post_processor": None}


def _harmless(entry: Mapping[str, Any], letters: Collection[str]) -> bool:
    """Return whether an added token controls nothing: a run of blanks, or a letter that other text needs."""
    content = entry["content"]
    if len(content) == 1:
        return not entry.get("special") or content in letters
    return not content.replace("\u2581", " ").strip()


def _renamed(entry: Mapping[str, Any], hidden: Mapping[str, str]) -> dict[str, Any]:
    """Return the entry under its hidden name, which must be found wherever a prompt puts it."""
    if entry["content"] not in hidden:
        return dict(entry)
    return {**entry, "content": hidden[entry["content"]], "single_word": False}


def _renamed_model(model: dict[str, Any], hidden: Mapping[str, str]) -> dict[str, Any]:
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


def _makes(merge: str | list[str], hidden: Mapping[str, str]) -> bool:
    left, right = merge.split(" ", 1) if isinstance(merge, str) else merge
    return left in hidden or right in hidden or left + right in hidden
