"""A checkpoint directory, opened for reading: its JSON files and its safetensors; runs no code from it.

Knows nothing of families. Only safetensors are read, never pickles, and files are looked for in the
directory itself, never beyond it.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from rerank_plugins.core.json_files import read_json, stays_inside, typed
from rerank_plugins.errors import CheckpointMismatchError, ModelNotFoundError

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor

_INDEX = "model.safetensors.index.json"
_TYPES: dict[str, type] = {
    "architectures": list,
    "auto_map": dict,
    "id2label": dict,
    "model_type": str,
    "num_hidden_layers": int,
    "num_labels": int,
    "sentence_transformers": dict,
}
"""What values of ``config.json`` are, where families look at them."""


class Checkpoint:
    """The files of one model.

    Args:
        directory: Where ``config.json`` and the weights are.
        name: What the user called the model; error messages use it.

    Raises:
        ModelNotFoundError: There is no ``config.json``.
        CheckpointMismatchError: It is damaged, or a value has another type than in any model.
    """

    def __init__(self, directory: Path, *, name: str) -> None:
        self.directory = directory
        self.name = name
        self.config = self.json("config.json")
        if not self.config:
            raise ModelNotFoundError(
                f"{name}: no config.json in {directory}. Give the directory that "
                "save_pretrained() wrote, or the model's id on the hub."
            )
        for key, kind in _TYPES.items():
            typed(self.config, key, kind, where=f"{name}: config.json")
        self.config = {key: value for key, value in self.config.items() if value is not None or key not in _TYPES}

    def has(self, filename: str) -> bool:
        """Return whether the directory holds this file."""
        return (self.directory / filename).is_file()

    def json(self, filename: str) -> dict[str, Any]:
        """Return a JSON file's object, or ``{}`` where there is no such file.

        Raises:
            CheckpointMismatchError: The file is damaged, holds no object, or is not in the directory.
        """
        return read_json(self.directory, filename, dict, name=self.name)

    def modules(self) -> tuple[str, ...]:
        """Return the class names in sentence-transformers' ``modules.json``, or ``()`` without one."""
        return tuple(kind for kind, _ in self._module_entries())

    def module_config(self, kind: str) -> dict[str, Any]:
        """Return the saved settings of the first module of this class in ``modules.json``, or ``{}``."""
        path = next((path for name, path in self._module_entries() if name == kind), None)
        return {} if path is None else self.json(str(PurePosixPath(path, "config.json")))

    def _module_entries(self) -> list[tuple[str, str]]:
        entries = read_json(self.directory, "modules.json", list, name=self.name)
        modules = [
            typed({"module": entry}, "module", dict, where=f"{self.name}: modules.json") for entry in entries
        ]
        return [(str(e.get("type", "")).rpartition(".")[2], str(e.get("path", ""))) for e in modules]

    @property
    def architectures(self) -> tuple[str, ...]:
        """The class names that ``config.json`` gives."""
        return tuple(map(str, self.config.get("architectures", ())))

    @property
    def has_sentence_transformers_traces(self) -> bool:
        """Whether sentence-transformers saved this checkpoint as a cross-encoder of its own."""
        keys = {"sentence_transformers", "sbert_ce_default_activation_function"}
        return bool(keys & self.config.keys()) or self.has("config_sentence_transformers.json")

    def default_prompt(self) -> str | None:
        """Return the prompt that sentence-transformers was told to use by default, if any."""
        saved = self.json("config_sentence_transformers.json")
        where = f"{self.name}: config_sentence_transformers.json"
        prompt = typed(saved, "prompts", dict, where=where).get(
            typed(saved, "default_prompt_name", str, where=where)
        )
        return prompt if isinstance(prompt, str) and prompt else None

    @property
    def labels(self) -> int:
        """How many labels a classifier of this configuration has (transformers' default is two)."""
        if "id2label" in self.config:
            return len(self.config["id2label"])
        return int(self.config.get("num_labels", 2))

    def tensors(self) -> dict[str, Tensor]:
        """Return every tensor of the checkpoint, mapped from disk.

        Raises:
            ModelNotFoundError: There are no safetensors, or a shard is missing.
            CheckpointMismatchError: A file is not readable as safetensors.
        """
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        found: dict[str, Tensor] = {}
        for path in self._weight_files():
            try:
                found.update(load_file(path))
            except SafetensorError as error:
                raise CheckpointMismatchError(
                    f"{self.name}: {path.name} is not a whole safetensors file ({error}). "
                    "Download or save it again."
                ) from error
        return found

    def _weight_files(self) -> list[Path]:
        if self.has("model.safetensors"):
            return [self.directory / "model.safetensors"]
        shards = typed(self.json(_INDEX), "weight_map", dict, where=f"{self.name}: {_INDEX}")
        names = sorted({str(name) for name in shards.values()})
        if not names:
            raise ModelNotFoundError(
                f"{self.name}: no model.safetensors in {self.directory}. Only safetensors are read; "
                "convert older weights with save_pretrained(..., safe_serialization=True)."
            )
        return [self._shard(name) for name in names]

    def _shard(self, name: str) -> Path:
        path = self.directory / name
        if not stays_inside(name) or path.parent != self.directory or not path.is_file():
            raise ModelNotFoundError(
                f"{self.name}: {_INDEX} names {name!r}, which is not a file in {self.directory}. "
                "Download the missing weights."
            )
        return path
