"""Makes a tokenizer in which no text can produce an added token; knows no prompt and no model."""

from __future__ import annotations

import secrets
from typing import Any


def without_added_tokens(spec: dict[str, Any]) -> dict[str, Any]:
    """Return a tokenizer in which no text can produce an added token.

    Each added token keeps its id, but its text becomes a random string that no document can contain. Merely
    dropping the entries is not enough: a Unigram or BPE vocabulary may still match ``</s>`` as one piece, and
    later ids would move. Runs of blanks stay: they are how some tokenizers write ordinary indentation.
    """
    nonce = secrets.token_hex(16)
    entries: list[dict[str, Any]] = spec["added_tokens"]
    hidden = {entry["content"]: f"{nonce}:{entry['id']}" for entry in entries if not harmless(entry["content"])}
    renamed = [{**entry, "content": hidden.get(entry["content"], entry["content"])} for entry in entries]
    model = _renamed_model(spec["model"], hidden)
    return {**spec, "added_tokens": renamed, "model": model, "post_processor": None}


def harmless(content: str) -> bool:
    """Return whether an added token is only a run of blanks or a single character, so it controls nothing."""
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
