"""Load a reranker and rank four sentences; knows no framework, and needs no network."""

from __future__ import annotations

from rerank_plugins import load

QUERY = "How do I close a file automatically, even when an error happens?"
DOCUMENTS = [
    "An error happens when a file that does not exist is opened for reading.",
    "The window closes automatically after ten minutes without input.",
    "A with statement closes the file as soon as its block is left, also by an exception.",
    "A list comprehension builds a list from anything that can be looped over.",
]


def main() -> None:
    """Print the ranking, the best two, and those above a threshold."""
    # "embedded" is a small model for trying things out; name any reranker of the hub or a directory instead.
    with load("embedded") as reranker:
        # It takes no instruction. A family that takes one is told here what counts as relevant, as in
        # `reranker.rank(QUERY, DOCUMENTS, instruction="Prefer answers that show how, not why.")`
        print(QUERY)
        for document in reranker.rank(QUERY, DOCUMENTS):
            print(f"  {document.score:.3f}  [{document.index}] {document.text}")

        best = reranker.rank(QUERY, DOCUMENTS, top_n=2)
        print("Best two documents:", [document.index for document in best])

        good = reranker.rank(QUERY, DOCUMENTS, threshold=0.5)
        print(f"With a {reranker.info.score_kind} of at least 0.5:", [document.index for document in good])

        print("Scores in the order given:", [round(score, 3) for score in reranker.score(QUERY, DOCUMENTS)])


if __name__ == "__main__":
    main()
