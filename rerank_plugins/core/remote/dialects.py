"""The servers that are known, as data; each says where its facts come from.

An engine is always asked for logits, which become 0..1 here: what it does by itself depends on the checkpoint's
config, and then nobody could say what a score is. The hosted ones have 0..1 only.
"""

from __future__ import annotations

from dataclasses import replace

from rerank_plugins.core.remote.dialect import Dialect, Route
from rerank_plugins.errors import ArgumentError

# vLLM 0.32 and 0.33. Only paths below /v1 and /v2 are guarded by its key. It has no limit of documents and queues
# what comes, so parts are small enough to be answered in time. /v1/score echoes no documents but takes no
# instruction; /v2/rerank hands one to the server's chat template (an encoder ignores it: see handshake()).
VLLM = Dialect(
    name="vllm",
    route=Route(
        path="/v1/score",
        query="text_1",
        documents="text_2",
        always={"use_activation": False},
        results="data",
        score="score",
    ),
    instructed=Route(path="/v2/rerank", instruction="instruction", always={"use_activation": False}),
    most_documents=256,
    key_variable="VLLM_API_KEY",
    gives_logits=True,
    model_name="optional",
)

# text-embeddings-inference 1.9.3: 32 texts by default; a server with a lower limit answers 413 or 422.
TEI = Dialect(
    name="tei",
    route=Route(
        path="/rerank",
        documents="texts",
        always={"raw_scores": True, "return_text": False, "truncate": True},
        results=None,
        score="score",
    ),
    most_documents=32,
    key_variable="TEI_API_KEY",
    gives_logits=True,
    model_name="none",
)

# infinity-emb 0.0.78. Started with --url-prefix /v1, its URL is https://host/v1.
INFINITY = Dialect(
    name="infinity",
    route=Route(path="/rerank", always={"raw_scores": True, "return_documents": False}),
    most_documents=2048,
    key_variable="INFINITY_API_KEY",
    gives_logits=True,
    model_name="optional",
)

# https://jina.ai/reranker; its limit is not published.
JINA = Dialect(
    name="jina",
    route=Route(path="/v1/rerank", count="top_n", always={"return_documents": False}),
    most_documents=500,
    key_variable="JINA_API_KEY",
    model_name="required",
)

# https://docs.cohere.com/reference/rerank (v2), which advises at most 1000 documents.
COHERE = Dialect(
    name="cohere",
    route=Route(path="/v2/rerank", count="top_n"),
    most_documents=1000,
    key_variable="CO_API_KEY",
    model_name="required",
)

# https://docs.voyageai.com/reference/reranker-api
VOYAGE = Dialect(
    name="voyage",
    route=Route(
        path="/v1/rerank",
        count="top_k",
        always={"return_documents": False, "truncation": True},
        results="data",
    ),
    most_documents=1000,
    key_variable="VOYAGE_API_KEY",
    model_name="required",
)

# Types of mixedbread's SDK 0.54.
MIXEDBREAD = Dialect(
    name="mixedbread",
    route=Route(
        path="/v1/reranking",
        documents="input",
        count="top_k",
        always={"return_input": False},
        results="data",
        score="score",
    ),
    most_documents=1000,
    key_variable="MXBAI_API_KEY",
    model_name="required",
)

# Types of contextual-client 0.11. Its limit is 400k tokens; scores are 0..1, where the open weights give logits.
_CONTEXTUAL = Route(path="/v1/rerank", count="top_n")
CONTEXTUAL = Dialect(
    name="contextual",
    route=_CONTEXTUAL,
    instructed=replace(_CONTEXTUAL, instruction="instruction"),
    most_documents=500,
    key_variable="CONTEXTUAL_API_KEY",
    model_name="required",
)

DIALECTS = (VLLM, TEI, INFINITY, JINA, COHERE, VOYAGE, MIXEDBREAD, CONTEXTUAL)


def dialect_named(name: object) -> Dialect:
    """Return a dialect.

    Raises:
        ArgumentError: There is none of this name; what a server speaks is never guessed.
    """
    for dialect in DIALECTS:
        if dialect.name == name:
            return dialect
    known = ", ".join(repr(dialect.name) for dialect in DIALECTS)
    raise ArgumentError(f"A URL needs a dialect that says what the server speaks: one of {known}; got {name!r}.")
