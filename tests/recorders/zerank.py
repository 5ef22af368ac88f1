"""Records tests/golden/zerank with transformers alone; an example for recording a family of your own.

Run: python tests/recorders/zerank.py. It writes a tiny random checkpoint in the layout of the hub, and for each
case the ids and scores that the vendor's procedure gives, one pair at a time. It uses nothing of rerank_plugins.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import torch
import transformers
from transformers import AutoModelForCausalLM, PreTrainedTokenizerFast, Qwen3Config, Qwen3ForCausalLM

GOLDEN = Path(__file__).parents[1] / "golden"
CHECKPOINT = GOLDEN / "zerank" / "checkpoint"
QUERY = "why does sourdough bread rise slowly?"
DOCUMENTS = [
    "Wild yeast works slower than bakers yeast, so a sourdough needs many hours to rise at room temperature.",
    "A panda is a bear that is endemic to China.",
    "",
    "rise",
    "Flour, water, salt and time. " * 30,
    "\u9762\u5305\u53d1\u9175\u9700\u8981\u65f6\u95f4\u3002",
]
CASES = {
    "default": (QUERY, DOCUMENTS, {}),
    "other_activation": (QUERY, DOCUMENTS[:3], {"normalize": False}),
    "whitespace_query": ("  why   does\tit rise ", DOCUMENTS[:2], {}),
    "long_query": (QUERY * 12, DOCUMENTS[:3], {}),
}


def write_checkpoint() -> None:
    """Save a random Qwen3 with the tokenizer of the recorded Qwen3 set, in which "Yes" is one token."""
    CHECKPOINT.mkdir(parents=True, exist_ok=True)
    spec = json.loads((GOLDEN / "qwen3/checkpoint/tokenizer.json").read_text(encoding="utf-8"))
    with_yes(spec)
    (CHECKPOINT / "tokenizer.json").write_text(json.dumps(spec, ensure_ascii=False), encoding="utf-8")
    shutil.copy(GOLDEN / "qwen3/checkpoint/tokenizer_config.json", CHECKPOINT)
    torch.manual_seed(7)
    values = json.loads((GOLDEN / "qwen3/checkpoint/config.json").read_text(encoding="utf-8"))
    values |= {"initializer_range": 0.4, "torch_dtype": "float32"}
    Qwen3ForCausalLM(Qwen3Config.from_dict(values)).float().save_pretrained(CHECKPOINT)


def with_yes(spec: dict) -> None:
    """Give the id of some unused byte pair to "Yes", and the merges that lead there."""
    vocabulary, merges = spec["model"]["vocab"], spec["model"]["merges"]
    for left, right in (("Y", "e"), ("Ye", "s")):
        if left + right not in vocabulary:
            replaced, old = max(vocabulary.items(), key=lambda item: item[1])[0], max(vocabulary.values())
            merges[:] = [merge for merge in merges if replaced not in (merge[0] + merge[1], *merge)]
            del vocabulary[replaced]
            vocabulary[left + right] = old
            merges.append([left, right])


@torch.inference_mode()
def recorded(model: torch.nn.Module, tokenizer: PreTrainedTokenizerFast, query: str, document: str) -> tuple:
    """Return ids and logit of one pair: prompt, last position, the token "Yes"."""
    prompt = (
        f"<|im_start|>system\n{query}<|im_end|>\n<|im_start|>user\n{document}<|im_end|>\n<|im_start|>assistant\n"
    )
    ids = tokenizer(prompt, add_special_tokens=False)["input_ids"]
    (yes,) = tokenizer("Yes", add_special_tokens=False)["input_ids"]
    return ids, model(torch.tensor([ids])).logits[0, -1, yes].item()


def case(name: str, model: torch.nn.Module, tokenizer: PreTrainedTokenizerFast) -> dict:
    """Return one case in the format of tests/golden/README.md."""
    query, documents, options = CASES[name]
    pairs = [recorded(model, tokenizer, query, document) for document in documents]
    logits = [logit for _, logit in pairs]
    scaled = torch.sigmoid(torch.tensor(logits, dtype=torch.float64) / 5).tolist()
    return {
        "id": name,
        "query": query,
        "documents": documents,
        "instruction": None,
        "options": options,
        "scores": scaled if options.get("normalize", True) else logits,
        "logits": logits,
        "input_ids": [ids for ids, _ in pairs],
        "input_lengths": [len(ids) for ids, _ in pairs],
        "notes": None,
    }


def main() -> None:
    write_checkpoint()
    model = AutoModelForCausalLM.from_pretrained(CHECKPOINT, dtype=torch.float32).eval()
    tokenizer = PreTrainedTokenizerFast.from_pretrained(CHECKPOINT)
    versions = f"torch {torch.__version__}, transformers {transformers.__version__}"
    data = {
        "family": "zerank",
        "reference": f"the published prompt on AutoModelForCausalLM, sigmoid(logit / 5); {versions}; fp32, CPU",
        "load": {"dtype": "float32"},
        "tolerance": 2e-05,
        "notes": "recorded by tests/recorders/zerank.py",
        "cases": [case(name, model, tokenizer) for name in CASES],
    }
    (CHECKPOINT.parent / "cases.json").write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")


if __name__ == "__main__":
    main()
