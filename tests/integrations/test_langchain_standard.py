"""LangChain's own suite for retrievers, run on ours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from langchain_tests.integration_tests import RetrieversIntegrationTests

from rerank_plugins.integrations.langchain import RerankCompressor, RerankRetriever

if TYPE_CHECKING:
    from .fakes import FakeLoad


class FourDocuments(BaseRetriever):
    """Finds the same documents for every query."""

    def _get_relevant_documents(self, query: str, *, run_manager: Any) -> list[Document]:
        return [Document(page_content=text) for text in ("stone", "apple", "red apple", "red apple pie")]


class TestRerankRetriever(RetrieversIntegrationTests):
    @pytest.fixture(autouse=True)
    def _without_a_model(self, load: FakeLoad) -> None: ...

    @property
    def retriever_constructor(self) -> type[RerankRetriever]:
        return RerankRetriever

    @property
    def retriever_constructor_params(self) -> dict[str, Any]:
        return {"base_retriever": FourDocuments(), "compressor": RerankCompressor(model="m")}

    @property
    def retriever_query_example(self) -> str:
        return "red apple pie"

    @property
    def num_results_arg_name(self) -> str:
        return "top_n"
