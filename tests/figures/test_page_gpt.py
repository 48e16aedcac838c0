"""The course GPT packed for the page: small, near the original, and never changed by packing again."""

import json

import pytest
import torch

from eras import data
from eras.figures.page_gpt import pack, page_gpt, prompt_ids, quantise, unpack, write
from eras.pretraining.gpt import COURSE_GPT, GPT, GPTConfig, course_gpt, surprisal
from eras.pretraining.tokenizer import Tokenizer


@pytest.fixture(scope="module")
def tokenizer():
    return Tokenizer.load(COURSE_GPT / "tokenizer.json")


def tiny(width=16):
    torch.manual_seed(0)
    return GPT(GPTConfig(vocab_size=4096, context=32, layers=1, heads=2, width=width)).eval()


def test_the_course_gpt_packs_into_four_megabytes_and_stays_itself():
    model, tokenizer = course_gpt()
    packed = pack(model, tokenizer, ["The whale"] * 5)
    assert len(packed) <= 4_000_000
    text = tokenizer.encode(data.load("sotu", "valid")[0].text)[:1500]
    costs = [float(surprisal(each, text).mean()) for each in (model, unpack(packed))]
    assert abs(costs[1] - costs[0]) < 0.02  # bits a token


def test_weights_lie_within_half_a_step_and_vectors_are_exact(tokenizer):
    model = tiny()
    torch.nn.init.uniform_(model.norm.bias)
    restored = unpack(pack(model, tokenizer)).state_dict()
    for name, weight in model.state_dict().items():
        if weight.dim() == 2:
            _, step = quantise(weight)
            assert ((restored[name] - weight).abs() <= 0.501 * step[:, None]).all(), name
        else:
            assert torch.equal(restored[name], weight), name


@pytest.mark.parametrize("row", [[0.0] * 8, [1e-9] * 8, [3e4, *[0.0] * 7], [100.0, *[1e-3] * 7]])
def test_rows_of_any_size_keep_their_largest_number(row):
    whole, step = quantise(torch.tensor([row]))
    assert whole.dtype == torch.int8
    assert abs(float(whole.amax() * step) - max(row)) <= 0.51 * float(step)


def test_bad_models_and_bytes_are_refused(tokenizer):
    with pytest.raises(ValueError, match="eight columns"):
        pack(tiny(width=12), tokenizer)
    for bad in (b"", b"text", pack(tiny(), tokenizer)[:200]):
        with pytest.raises(ValueError, match="not a packed GPT"):
            unpack(bad)
    with pytest.raises(ValueError, match="at least one prompt"):
        page_gpt(tiny(), tokenizer, {})
    with pytest.raises(ValueError, match="context"):
        page_gpt(tiny(), tokenizer, {"long": "word " * 40})


def test_writing_draws_as_often_as_the_shares_say(tokenizer):
    ids = prompt_ids(tokenizer, "The")
    model = tiny()
    steps = [write(model, ids, 1, temperature=1e-6, seed=seed)[0] for seed in range(20)]
    assert len({step.token for step in steps}) == 1
    assert steps[0].share == pytest.approx(1, abs=1e-3)
    assert steps[0].token == steps[0].best[0][0]
    drawn = [write(model, ids, 1, temperature=1.0, seed=seed)[0].token for seed in range(200)]
    assert len(set(drawn)) > 150
    assert 0.4 < sum(token < 2048 for token in drawn) / 200 < 0.6


def test_the_figure_says_what_the_model_wrote(tokenizer):
    figure = page_gpt(tiny(), tokenizer, {"a whale": "The whale"}, count=5)
    steps = write(unpack(figure.files["course_gpt.bin"]), prompt_ids(tokenizer, "The whale"), 5, 0.8, 1)
    written = tokenizer.decode([step.token for step in steps])
    assert figure.description.endswith(written)
    assert len(figure.data.rows) == 5
    assert len(json.dumps(figure.state)) < 2000
