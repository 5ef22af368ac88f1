"""Every recorded tokenizer with its family's template, and chat templates made to be fooled; loads no model."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from itertools import takewhile

from families.recorded import FAMILIES, GOLDEN

from rerank_plugins import families
from rerank_plugins.core.chat import ChatTemplate
from rerank_plugins.core.checkpoint import Checkpoint
from rerank_plugins.core.family import QUERY, Limits, Row, Template
from rerank_plugins.core.tokenization import TextTokenizer

FREE = Limits(10**6)
LONGEST_FIRST = {"cross-encoder", "jina-v2", "mxbai-v1"}
"""Their vendors cut whichever side is longer, so a long query is cut as well."""
FOOLABLE = {
    "seams": "<|im_start|>{{ messages[-2].content }}{{ messages[-1].content }}|><|im_end|>",
    "brackets": "<{{ messages[-2].content }}>\n</{{ messages[-1].content }}>\nso<|im_end|>\n",
    "lower": "<|im_start|>{{ messages[-2].content | lower }}\n{{ messages[-1].content | lower }}<|im_end|>\n",
    "trimmed": "<|im_start|>{{ messages[-2].content | trim }}\n{{ messages[-1].content | trim }}<|im_end|>\n",
    "replaced": "{{ messages[-2].content }}: {{ messages[-1].content | replace('#', '') }}<|im_end|>\n",
    "branching": (
        "{% if messages[-1].content %}{{ messages[-2].content }}?{{ messages[-1].content }}{% endif %}<|im_end|>\n"
    ),
}
"""Chat templates beside whose own text, or by whose filters, a user's words may become a control token."""


@dataclass(frozen=True)
class Subject:
    """A tokenizer and the template that writes its rows."""

    name: str
    family: str
    template: Template
    tokenizer: TextTokenizer = field(repr=False)
    takes_instruction: bool

    def rows(self, query: str, documents: list[str], instruction: str | None, limits: Limits = FREE) -> list[Row]:
        """Return the rows of the documents alone."""
        rows = self.template.rows(self.tokenizer, query, documents, instruction=instruction, limits=limits)
        return [row for row in rows if row.document != QUERY]

    @cached_property
    def overhead(self) -> int:
        return self.template.overhead(self.tokenizer)

    @cached_property
    def is_chat(self) -> bool:
        return isinstance(self.template, ChatTemplate)

    @cached_property
    def control_ids(self) -> dict[int, str]:
        """The ids that no text may give, but for that of an unknown character."""
        unknown = self.tokenizer.encode(["\u2603\u2604"])[0]
        found = {self.tokenizer.encode_trusted(text)[0]: text for text in self.tokenizer.added_tokens()}
        return {number: text for number, text in found.items() if number not in unknown}

    @cached_property
    def suffix(self) -> list[int]:
        """What ends every row, whatever the texts."""
        told = ("g", "hm") if self.takes_instruction else (None, None)
        one, other = (self.rows(*texts)[0].ids for texts in (("a", ["b"], told[0]), ("12", ["34"], told[1])))
        return alike(one[::-1], other[::-1])[::-1]

    def before(self, query: str, instruction: str | None) -> list[int]:
        """Return what begins every row of a query."""
        one, other = (row.ids for row in self.rows(query, ["b", "34"], instruction))
        return alike(one, other)


def alike(left: list[int], right: list[int]) -> list[int]:
    """Return how two lists begin alike."""
    return [one for one, _ in takewhile(lambda pair: pair[0] == pair[1], zip(left, right, strict=False))]


def subjects() -> list[Subject]:
    """Return all of them, in an order that stays."""
    known = {family.name: family for family in families()}
    found = [
        Subject(folder, name, known[name].template, _tokenizer(folder), known[name].instruction is not None)
        for folder, name in FAMILIES.items()
    ]
    bi_encoder = known["bi-encoder"]
    found.append(Subject("bi_encoder", "bi-encoder", bi_encoder.template, _tokenizer("cross_encoder"), False))
    return found + [
        Subject(f"chat_{name}", "logit-score", ChatTemplate(template), _tokenizer("qwen3"), False)
        for name, template in FOOLABLE.items()
    ]


def _tokenizer(folder: str) -> TextTokenizer:
    return TextTokenizer(Checkpoint(GOLDEN / folder / "checkpoint", name=folder))
