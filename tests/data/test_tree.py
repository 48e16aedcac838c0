"""The table of language models: what it promises, what it refuses, and its sizes counted in transformers."""

import re
import shutil
from collections import Counter
from datetime import date

import pytest
import torch
from transformers import CONFIG_MAPPING, AutoModel, AutoModelForCausalLM, AutoModelForSeq2SeqLM

from eras import data

MODELS = {model.name: model for model in data.language_models()}
TABLE = data.path("meta/llm_tree.csv").read_text(encoding="utf-8")


def test_the_table_is_large_plain_and_reaches_from_word2vec_to_2025():
    assert len(MODELS) >= 140
    assert TABLE.isascii()
    assert min(MODELS.values(), key=lambda model: model.date).name == "Word2Vec"
    assert all(date(2013, 1, 1) <= model.date <= date(2025, 11, 30) for model in MODELS.values())
    assert Counter(model.branch for model in MODELS.values()).keys() == set(data.BRANCHES)


def test_children_follow_their_parents_and_the_tree_has_no_circle():
    for model in MODELS.values():
        seen = {model.name}
        while model.parent:
            assert MODELS[model.parent].date <= model.date
            model = MODELS[model.parent]
            assert model.name not in seen
            seen.add(model.name)


def test_every_row_says_where_it_is_from():
    assert all(model.source and model.checked for model in MODELS.values())


def test_an_arxiv_number_is_of_the_month_of_its_row_or_later_where_an_announcement_came_first():
    wrong = []
    for model in MODELS.values():
        numbers = re.findall(r"arXiv:(\d\d)(\d\d)\.\d{4,5}", model.source)
        papers = [(2000 + int(year), int(month)) for year, month in numbers]
        month = (model.date.year, model.date.month)
        alone = re.fullmatch(r"arXiv:[\d.]+", model.source)
        if any(paper < month or (alone and paper > month) for paper in papers):
            wrong.append(model.name)
    assert wrong == []


def test_closed_models_with_a_licence_say_when_they_were_opened():
    late = {model.name for model in MODELS.values() if model.licence and not model.open_weights}
    assert late == {"GPT-2", "Alpaca", "Grok-1", "ERNIE 4.5"}
    assert all(MODELS[name].note for name in late)


def test_transformers_knows_the_model_types():
    types = {model.name: model.transformers_model_type for model in MODELS.values()}
    assert {name: kind for name, kind in types.items() if kind and kind not in CONFIG_MAPPING} == {}


def test_weights_are_passed_on_within_an_architecture():
    """A model that starts from another's weights has its branch; T5Gemma makes an encoder of a decoder."""
    heirs = [model for model in MODELS.values() if model.relation == "weights"]
    changed = [model.name for model in heirs if model.branch != MODELS[model.parent].branch]
    assert changed == ["T5Gemma"]


LARGE = {"num_hidden_layers": 24, "hidden_size": 1024, "num_attention_heads": 16, "intermediate_size": 4096}
LLAMA = {"hidden_size": 8192, "num_hidden_layers": 80, "num_attention_heads": 64}
WIDE = LLAMA | {"num_key_value_heads": 8, "intermediate_size": 28672}


@pytest.mark.parametrize(
    ("name", "sizes", "auto"),
    [
        ("GPT-1", {}, AutoModelForCausalLM),
        ("BERT", LARGE, AutoModel),
        ("GPT-2", {"n_layer": 48, "n_embd": 1600, "n_head": 25}, AutoModelForCausalLM),
        ("ALBERT", {}, AutoModel),
        (
            "T5",
            {"d_model": 1024, "d_ff": 65536, "d_kv": 128, "num_layers": 24, "num_heads": 128},
            AutoModelForSeq2SeqLM,
        ),
        ("BART", {}, AutoModelForSeq2SeqLM),
        ("GPT-J", {}, AutoModelForCausalLM),
        ("GPT-NeoX-20B", {}, AutoModelForCausalLM),
        (
            "BLOOM",
            {"hidden_size": 14336, "n_layer": 70, "n_head": 112, "vocab_size": 250880},
            AutoModelForCausalLM,
        ),
        ("LLaMA", LLAMA | {"intermediate_size": 22016}, AutoModelForCausalLM),
        ("Llama 2", WIDE, AutoModelForCausalLM),
        ("Llama 3", WIDE | {"vocab_size": 128256}, AutoModelForCausalLM),
        ("Mixtral 8x7B", {}, AutoModelForCausalLM),
        ("Gemma", {}, AutoModelForCausalLM),
        ("DeepSeek-V3", {}, AutoModelForCausalLM),
        ("gpt-oss", {}, AutoModelForCausalLM),
    ],
)
def test_sizes_are_those_counted_in_transformers(name, sizes, auto):
    """The largest version built without memory: the table is within 4% of its parameters."""
    with torch.device("meta"):
        model = auto.from_config(CONFIG_MAPPING[MODELS[name].transformers_model_type](**sizes))
    billions = sum(p.numel() for p in model.parameters()) / 1e9
    assert MODELS[name].parameters == pytest.approx(billions, rel=0.04)


def test_the_active_parameters_of_a_mixture_are_its_shared_ones_and_two_experts_of_eight():
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(CONFIG_MAPPING["mixtral"]())
    sizes = {name: p.numel() / 1e9 for name, p in model.named_parameters()}
    experts = sum(size for name, size in sizes.items() if ".experts." in name)
    assert MODELS["Mixtral 8x7B"].active == pytest.approx(sum(sizes.values()) - experts * 6 / 8, rel=0.01)


@pytest.mark.parametrize(
    ("name", "facts"),
    [
        ("GPT-2", {"parent": "GPT-1", "open_weights": False, "date": date(2019, 2, 14)}),
        ("GPT-5", {"parent": "OpenAI o3", "relation": "successor", "kind": "reasoning"}),
        ("OpenAI o1", {"parent": None, "relation": None, "parameters": None}),
        ("FLAN", {"parent": "LaMDA", "relation": "weights", "kind": "instruct"}),
        ("XLNet", {"parent": "Transformer-XL", "branch": "decoder-only"}),
        ("DeepSeek-V2", {"parent": "DeepSeek LLM", "parameters": 236.0, "active": 21.0}),
        ("DeepSeek-R1", {"parent": "DeepSeek-V3", "relation": "weights", "licence": "MIT"}),
        ("Qwen3", {"transformers_model_type": "qwen3_moe", "date": date(2025, 4, 29)}),
        ("Mamba", {"branch": "attention-free"}),
    ],
)
def test_facts_that_are_often_told_wrong(name, facts):
    assert {field: getattr(MODELS[name], field) for field in facts} == facts


@pytest.fixture
def corrupted(tmp_path, monkeypatch):
    """The table with one text replaced, in place of the real one."""

    def write(old: str, new: str) -> None:
        assert TABLE.count(old) == 1
        (tmp_path / "meta").mkdir()
        (tmp_path / "meta/llm_tree.csv").write_text(TABLE.replace(old, new), encoding="utf-8")
        monkeypatch.setattr(data, "ROOT", tmp_path)

    return write


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "BERT,2018-10-11,Google,encoder-only",
            "BERT,2018-10-11,Google,encoder",
            "BERT: its branch 'encoder' is not",
        ),
        ("\nRoBERTa,", "\nBERT,", "BERT: stands twice"),
        (
            "1,MIT,BERT,design,base,roberta",
            "1,MIT,BERTA,design,base,roberta",
            "RoBERTa: its parent 'BERTA' is not",
        ),
        ("\nRoBERTa,2019-07-26", "\nRoBERTa,2018-07-26", "RoBERTa: of 2018-07-26, before its parent BERT"),
        ("\nGPT-3,2020-05-28", "\nGPT-3,2020-07-28", r"DeBERTa: of 2020-06-05, but stands after GPT-3"),
        ("\nRoBERTa,2019-07-26", "\nRoBERTa,2019-07-36", "RoBERTa: ValueError"),
        ("0.355,,1,MIT,BERT,design", "0.355,,yes,MIT,BERT,design", "RoBERTa: KeyError 'yes'"),
        (
            "1,MIT,BERT,design,base,roberta",
            "1,MIT,BERT,cousin,base,roberta",
            "RoBERTa: its relation 'cousin' is not",
        ),
        (
            "1,MIT,BERT,design,base,roberta",
            "1,MIT,,design,base,roberta",
            "RoBERTa: its relation 'design' is not",
        ),
        ("MIT,BERT,design,base,roberta", "MIT,BERT,design,basic,roberta", "RoBERTa: its kind 'basic' is not"),
        ("arXiv:1907.11692,", ",", "RoBERTa: ValueError a name, an organisation, a source"),
        ("46.7,12.9,", "46.7,129,", r"Mixtral 8x7B: 129\.0 billion active of 46\.7"),
    ],
)
def test_a_wrong_row_is_refused_by_name(corrupted, old, new, message):
    corrupted(old, new)
    with pytest.raises(ValueError, match=message):
        data.language_models()


def test_a_short_row_is_refused_by_name(tmp_path, monkeypatch):
    shutil.copytree(data.ROOT / "meta", tmp_path / "meta")
    with (tmp_path / "meta/llm_tree.csv").open("a", encoding="utf-8") as file:
        file.write("Unfinished,2025-11-30\n")
    monkeypatch.setattr(data, "ROOT", tmp_path)
    with pytest.raises(ValueError, match="Unfinished: ValueError a name"):
        data.language_models()
