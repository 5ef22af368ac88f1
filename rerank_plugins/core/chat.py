"""Prompts written by a chat template, the checkpoint's own or a given one; knows no model.

What a template renders is one text, in which special tokens and a user's words look alike. So the template's own
tokens get names that no text can contain before the whole is tokenized, and where a user's words spell a token, or
become one beside the template's text, guards show which stretches are theirs.
"""

from __future__ import annotations

import logging
import secrets
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from rerank_plugins.core.blame import blaming
from rerank_plugins.core.family import CountsEveryToken, Limits, Row
from rerank_plugins.core.guards import Guards, Written
from rerank_plugins.core.passages import text_passages
from rerank_plugins.errors import ArgumentError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rerank_plugins.core.tokenization import TextTokenizer

    Passage = tuple[int, int] | None

_LOG = logging.getLogger("rerank_plugins")
_SPECIAL = ("bos_token", "eos_token", "unk_token", "pad_token", "sep_token", "cls_token", "mask_token")


@dataclass(frozen=True, slots=True)
class ChatTemplate(CountsEveryToken):
    """Messages with the roles ``system`` (the instruction, if any), ``query`` and ``document``.

    Source: sentence-transformers 6.2.0, ``CrossEncoder`` with a text-generation ``Transformer`` module. A prompt
    that is too long loses the end of its document, never the template's own text.

    Attributes:
        template: The template (Jinja); ``None`` is the checkpoint's own.
    """

    template: str | None = None

    def rows(
        self,
        tokenizer: TextTokenizer,
        query: str,
        documents: Sequence[str],
        *,
        instruction: str | None,
        limits: Limits,
    ) -> list[Row]:
        """Return the rows of each document; the last token is read.

        Raises:
            ArgumentError: The template repeats or rewrites a document that must be cut.
        """
        saved = tokenizer.default_prompt if self.template is None else None
        template = tokenizer.chat_template() if self.template is None else self.template
        chat = _Chat(tokenizer, template, query, saved if instruction is None else instruction)
        if documents:
            chat.warn_if_deaf(documents[0])
        rows = []
        for place, (document, whole) in enumerate(zip(documents, chat.all_ids(documents), strict=True)):
            for ids, passage in chat.parts(document, whole, limits):
                cut = passage is None and len(ids) < len(whole)
                rows.append(Row(ids, (len(ids) - 1,), place, truncated=cut, passage=passage))
        return rows


@dataclass(frozen=True)
class _Chat:
    """One query and its instruction, ready to be rendered with documents."""

    tokenizer: TextTokenizer
    template: str
    query: str
    instruction: str | None

    def all_ids(self, documents: Sequence[str]) -> list[list[int]]:
        """Return the ids of the whole prompt for each document."""
        return self.tokenizer.encode([self._written(document).text for document in documents])

    def ids(self, document: str) -> list[int]:
        """Return the ids of the whole prompt for one document."""
        return self.all_ids([document])[0]

    def _written(self, document: str) -> Written:
        """Return the prompt as it is tokenized; guards only where they are needed, as a template may see them."""
        rendered = self._render(document)
        if self._is_hostile(document) or self.tokenizer.spelled(rendered) != self._own_tokens:
            guards = Guards()
            return guards.lift(self._render(document, guards), self.tokenizer.named)
        span = self._document_span(rendered)
        if span is None:
            return Written(self.tokenizer.named(rendered), None)
        before, after = (self.tokenizer.named(part) for part in self._around)
        middle = rendered[slice(*span)]
        return Written(before + middle + after, (len(before), len(before) + len(middle)))

    def parts(self, document: str, ids: list[int], limits: Limits) -> list[tuple[list[int], Passage]]:
        """Return the ids of each prompt for one document, and which characters of it the prompt holds."""
        if len(ids) <= limits.max_length:
            return [(ids, None)]
        room = limits.max_length - len(self.ids(""))
        if limits.long_documents == "truncate" or room < 1:  # passages without room would be one for each token
            return [(self._cut(document, limits.max_length), None)]
        passages = text_passages(self.tokenizer, document, room, limits)
        return [(self._cut(document[a:b], limits.max_length), (a, b)) for a, b in passages]

    def warn_if_deaf(self, document: str) -> None:
        """Say so where the checkpoint's template does not write the instruction down at all."""
        if self.instruction is not None and self.ids(document) == replace(self, instruction=None).ids(document):
            _LOG.warning("The chat template of %s ignores the instruction.", self.tokenizer.checkpoint.name)

    def _cut(self, document: str, most: int) -> list[int]:
        """Return the ids of the prompt without as many of the document's last tokens as are too many."""
        written = self._written(document.strip() if self._is_hostile(document) else document)
        if written.document is None and document.strip():
            raise ArgumentError(
                "This chat template repeats or rewrites the document, so a long one cannot be cut. "
                "Raise max_length."
            )
        places = self.tokenizer.encode_with_places(written.text)
        first, end = written.document or (0, 0)
        inside = [
            at for at, (_, start, stop) in enumerate(places) if first <= start and stop <= end and start < stop
        ]
        excess = max(len(places) - most, 0)
        if excess > len(inside):
            return self._hopeless([number for number, _, _ in places], most)
        dropped = set(inside[len(inside) - excess :])
        return [number for at, (number, _, _) in enumerate(places) if at not in dropped]

    @cached_property
    def _around(self) -> list[str]:
        """What is rendered before the document, and after each time that it is there."""
        mark = secrets.token_hex(16)
        return self._render(mark).split(mark)

    @cached_property
    def _own_tokens(self) -> list[str]:
        """The added tokens that the template itself writes."""
        mark = secrets.token_hex(16)
        instruction = None if self.instruction is None else mark
        return self.tokenizer.spelled(replace(self, query=mark, instruction=instruction)._render(mark))

    def _document_span(self, rendered: str) -> tuple[int, int] | None:
        """Return where the document stands in what was rendered, if it stands there once."""
        before, *after = self._around
        if len(after) != 1 or not rendered.startswith(before) or not rendered.endswith(after[0]):
            return None
        return len(before), len(rendered) - len(after[0])

    def _hopeless(self, ids: list[int], most: int) -> list[int]:
        """Return the prompt's beginning and the template's last tokens, as sentence-transformers does."""
        _LOG.warning(
            "max_length=%d is less than query, instruction and template take; no document is seen. Raise it.", most
        )
        end = self._last_tokens()
        return [*ids[: max(most - len(end), 0)], *end][-most:]

    def _last_tokens(self) -> list[int]:
        """Return what the template puts after all of a user's words: the end that no words change."""
        short, long = (replace(self, query=word).ids(word) for word in ("0", "1 2 3 4"))
        pairs = zip(reversed(short), reversed(long), strict=False)
        return short[len(short) - sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs)) :]

    def _is_hostile(self, document: str) -> bool:
        texts = (self.query, self.instruction, document)
        return any(text is not None and self.tokenizer.spells_added_token(text) for text in texts)

    def _render(self, document: str, guards: Guards | None = None) -> str:
        from transformers.utils.chat_template_utils import render_jinja_template

        said = [("query", self.query), ("document", document)]
        if self.instruction is not None:
            said.insert(0, ("system", self.instruction))
        messages = [
            {"role": role, "content": text if guards is None else guards.put(text, role)} for role, text in said
        ]
        special = {role: self.tokenizer.special_text(role) for role in _SPECIAL}
        known: dict[str, Any] = {role: text for role, text in special.items() if text is not None}
        with blaming(self.tokenizer.checkpoint.name, what="its chat template", kinds=(Exception,)):
            rendered: Any = render_jinja_template([messages], chat_template=self.template, **known)
        return str(rendered[0][0])
