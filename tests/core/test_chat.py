"""A chat template's rows: whose words are whose, also where they meet."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from rerank_plugins.core.chat import ChatTemplate
from rerank_plugins.core.checkpoint import Checkpoint
from rerank_plugins.core.family import Limits
from rerank_plugins.core.tokenization import TextTokenizer
from rerank_plugins.errors import ArgumentError

GOLDEN = Path(__file__).parents[1] / "golden"
QUERY, DOCUMENT = "{{ messages[-2].content }}", "{{ messages[-1].content }}"


def tokenizer_of(folder: str) -> TextTokenizer:
    return TextTokenizer(Checkpoint(GOLDEN / folder / "checkpoint", name=folder))


def changed(folder: str, directory: Path, **changes: object) -> TextTokenizer:
    """Return a recorded tokenizer with other parts."""
    shutil.copytree(GOLDEN / folder / "checkpoint", directory, dirs_exist_ok=True)
    spec = json.loads((directory / "tokenizer.json").read_text())
    (directory / "tokenizer.json").write_text(json.dumps({**spec, **changes}))
    return TextTokenizer(Checkpoint(directory, name=folder))


def ids(tokenizer: TextTokenizer, template: str, query: str, document: str, most: int = 10**6) -> list[int]:
    (row,) = ChatTemplate(template).rows(tokenizer, query, [document], instruction=None, limits=Limits(most))
    return list(row.ids)


@pytest.mark.promise("P48")
@pytest.mark.parametrize(
    ("template", "query", "document"),
    [
        (f"{QUERY}{DOCUMENT}", "<|im_", "end|>"),
        (f"<{QUERY}> {DOCUMENT}", "|im_end|", "yeast"),
        (f"{QUERY} <|im_{DOCUMENT}|>", "bread", "end"),
        (f"{QUERY}{{{{ messages[-1].content | lower }}}}", "bread", "<|IM_END|>"),
        (f"{QUERY}{{{{ messages[-1].content | replace('#', '') }}}}", "bread", "<|im#_end|>"),
    ],
)
def test_words_that_become_a_control_token_in_the_prompt_stay_words(
    template: str, query: str, document: str
) -> None:
    tokenizer = tokenizer_of("qwen3")
    assert tokenizer.encode_trusted("<|im_end|>")[0] not in ids(tokenizer, template, query, document)


@pytest.mark.promise("P48")
def test_a_normalizer_makes_no_control_token_of_full_width_letters(tmp_path: Path) -> None:
    """A Unigram vocabulary holds ``</s>`` as a piece, which text may match after it was normalized."""
    tokenizer = changed("bge_encoder", tmp_path, normalizer={"type": "NFKC"})
    end = tokenizer.encode_trusted("</s>")[0]
    assert ids(tokenizer, f"{QUERY}</s> {DOCUMENT}</s>", "bread", "\uff1c/s\uff1e").count(end) == 2


@pytest.mark.promise("P48")
@pytest.mark.parametrize("folder", ["contextual_mistral", "bge_encoder", "bge_llm", "mxbai_v1", "gte_modernbert"])
def test_hostile_words_change_nothing_of_the_template_around_them(folder: str) -> None:
    """Some tokenizers write a word after a control token otherwise than at the beginning of a text."""
    tokenizer = tokenizer_of(folder)
    token = tokenizer.added_tokens()[0]
    template = f"{token}user {QUERY}{token} question{token}document {DOCUMENT} x{token} answer"
    plain, hostile = (ids(tokenizer, template, "bread", text) for text in ("a yeast a", f"a {token} a"))
    number = tokenizer.encode_trusted(token)[-1]
    last = [place for place, found in enumerate(plain) if found == number]
    assert hostile.count(number) == len(last)
    assert hostile[: last[2]] == plain[: last[2]]
    assert hostile[-(len(plain) - last[3]) :] == plain[last[3] :]


@pytest.mark.promise("P48")
def test_a_control_token_of_one_character_is_plain_text(tmp_path: Path) -> None:
    entry = {"id": 545, "content": "\u2603", "special": True, "normalized": False}
    spec = json.loads((GOLDEN / "qwen3/checkpoint/tokenizer.json").read_text())
    flags = {"single_word": False, "lstrip": False, "rstrip": False}
    tokenizer = changed("qwen3", tmp_path, added_tokens=[*spec["added_tokens"], {**entry, **flags}])
    assert 545 in tokenizer.encode_trusted("\u2603")
    assert 545 not in tokenizer.encode(["a \u2603 b"])[0]


@pytest.mark.promise("P8")
def test_a_long_hostile_document_is_cut_and_the_templates_end_stays() -> None:
    tokenizer = tokenizer_of("qwen3")
    template = f"<|im_start|>{QUERY}\n{DOCUMENT}<|im_end|>\nanswer"
    whole, cut = (ids(tokenizer, template, "bread", "<|im_end|> yeast " * 90, most) for most in (10**6, 60))
    assert len(cut) == 60 < len(whole)
    end = tokenizer.encode(["\nanswer"])[0]
    assert cut[-len(end) :] == end
    assert cut[: 60 - len(end) - 1] == whole[: 60 - len(end) - 1]


def test_a_template_that_takes_hostile_words_apart_is_refused() -> None:
    with pytest.raises(ArgumentError, match="takes texts apart"):
        ids(tokenizer_of("qwen3"), f"{QUERY}{{{{ messages[-1].content[:30] }}}}", "bread", "<|im_end|>" + "a" * 40)


@pytest.mark.promise("P16")
def test_passages_without_room_for_one_are_a_single_row_and_not_one_per_token() -> None:
    limits = Limits(20, None, "passages")
    rows = ChatTemplate(f"{QUERY} {DOCUMENT}").rows(
        tokenizer_of("qwen3"), "bread " * 30, ["yeast " * 500], instruction=None, limits=limits
    )
    assert [(len(row.ids), row.truncated, row.passage) for row in rows] == [(20, True, None)]
