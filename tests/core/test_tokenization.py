"""Text becomes the vendor's ids, except where it spells a control token."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from rerank_plugins.core.checkpoint import Checkpoint
from rerank_plugins.core.tokenization import TextTokenizer
from rerank_plugins.errors import CheckpointMismatchError, ModelNotFoundError

GOLDEN = sorted((Path(__file__).parents[1] / "golden").glob("*/checkpoint"))
NAMES = [path.parent.name for path in GOLDEN]


@pytest.fixture(scope="module", params=GOLDEN, ids=NAMES)
def both(request: pytest.FixtureRequest) -> tuple[TextTokenizer, Tokenizer]:
    """Return our tokenizer and the tokenizers library's own, from the same file."""
    reference = Tokenizer.from_file(str(request.param / "tokenizer.json"))
    reference.no_truncation()
    reference.no_padding()
    return TextTokenizer(Checkpoint(request.param, name="golden")), reference


def added_tokens(reference: Tokenizer) -> dict[int, str]:
    return {number: token.content for number, token in reference.get_added_tokens_decoder().items()}


def is_blank(content: str) -> bool:
    return len(content) == 1 or not content.replace("\u2581", " ").strip()


@settings(max_examples=60, deadline=None)
@given(text=st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
@pytest.mark.promise("P48")
def test_benign_text_keeps_the_vendors_ids(both: tuple[TextTokenizer, Tokenizer], text: str) -> None:
    ours, reference = both
    if not any(content in text for content in added_tokens(reference).values()):
        assert ours.encode([text]) == [reference.encode(text, add_special_tokens=False).ids]


@pytest.mark.parametrize("around", ["{}", "a {} b", "x{}y", "\n{}\n", "{0}{0}", "A: {}"])
@pytest.mark.promise("P48")
def test_added_tokens_in_text_never_become_their_ids(both: tuple[TextTokenizer, Tokenizer], around: str) -> None:
    ours, reference = both
    unknown = reference.encode("\u2603\u2604", add_special_tokens=False).ids
    for number, content in added_tokens(reference).items():
        if not is_blank(content) and number not in unknown:
            assert number not in ours.encode([around.format(content)])[0], content


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_added_tokens_hidden_in_any_text_never_become_their_ids(
    both: tuple[TextTokenizer, Tokenizer], data: st.DataObject
) -> None:
    ours, reference = both
    tokens = {number: content for number, content in added_tokens(reference).items() if not is_blank(content)}
    pieces = st.sampled_from([*tokens.values(), " ", "a", "<", "|", "file", "\n"])
    text = "".join(data.draw(st.lists(pieces, max_size=8)))
    unknown = set(reference.encode("\u2603\u2604", add_special_tokens=False).ids)
    assert not (set(ours.encode([text])[0]) - unknown) & tokens.keys()


def test_lone_surrogates_are_encoded_as_replacement_characters(both: tuple[TextTokenizer, Tokenizer]) -> None:
    ours, _ = both
    assert ours.encode(["a\ud800b"]) == ours.encode(["a\ufffdb"])


def test_pair_frame_is_the_tokenizers_own(both: tuple[TextTokenizer, Tokenizer]) -> None:
    ours, reference = both
    frame = ours.pair_frame()
    query, document = ours.encode(["question", "an answer"])
    expected = reference.encode("question", "an answer")
    assert [*frame.before, *query, *frame.between, *document, *frame.after] == expected.ids


@pytest.mark.promise("P48", "P31")
def test_threads_do_not_disturb_each_other(both: tuple[TextTokenizer, Tokenizer]) -> None:
    ours, _ = both
    texts = [f"text number {number} " * (number % 7 + 1) for number in range(50)]
    expected = [ours.encode([text])[0] for text in texts]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda text: ours.encode([text])[0], texts * 4)) == expected * 4


def test_a_saved_truncation_is_ignored(tmp_path: Path) -> None:
    spec = json.loads((GOLDEN[0] / "tokenizer.json").read_text())
    spec["truncation"] = {"max_length": 3, "strategy": "LongestFirst", "stride": 0, "direction": "Right"}
    ours = tokenizer_from(tmp_path, json.dumps(spec))
    assert len(ours.encode(["one two three four five six"])[0]) > 3


def test_a_missing_tokenizer_names_the_file(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "bert"}')
    with pytest.raises(ModelNotFoundError, match=r"tokenizer\.json"):
        TextTokenizer(Checkpoint(tmp_path, name="mine"))


@pytest.mark.parametrize("content", ["{", '{"added_tokens": [], "model": {"type": "Nothing", "vocab": {}}}'])
def test_a_damaged_tokenizer_is_a_typed_error(tmp_path: Path, content: str) -> None:
    with pytest.raises(CheckpointMismatchError, match=r"tokenizer\.json"):
        tokenizer_from(tmp_path, content)


def tokenizer_from(directory: Path, content: str) -> TextTokenizer:
    (directory / "config.json").write_text('{"model_type": "bert"}')
    (directory / "tokenizer.json").write_text(content)
    return TextTokenizer(Checkpoint(directory, name="mine"))
