"""GPT against transformers' GPT-2 with the same weights; caches, padding, files, bad input, paying for text."""

import math

import pytest
import torch
from transformers import GPT2Config, GPT2LMHeadModel

from eras.pretraining.gpt import COURSE_GPT, GPT, GPTConfig, course_gpt, surprisal
from tests.pretraining.oracle import from_gpt2


def tiny(**changes) -> GPT:
    torch.manual_seed(1)
    sizes = {"vocab_size": 23, "context": 16, "layers": 2, "heads": 3, "width": 12}
    return GPT(GPTConfig(**sizes | changes)).eval()


def pair(**changes) -> tuple[GPT, GPT2LMHeadModel]:
    torch.manual_seed(2)
    sizes = {"vocab_size": 61, "n_positions": 32, "n_layer": 3, "n_head": 4, "n_embd": 32} | changes
    theirs = GPT2LMHeadModel(GPT2Config(**sizes, initializer_range=0.3)).eval()
    return from_gpt2(theirs), theirs


@pytest.mark.parametrize(("batch", "length"), [(1, 1), (3, 17), (2, 32)])
def test_logits_and_gradients_equal_transformers(batch, length):
    ours, theirs = pair()
    ids = torch.randint(61, (batch, length))
    mine, other = ours(ids), theirs(ids).logits
    torch.testing.assert_close(mine, other, atol=1e-4, rtol=1e-5)
    weights = torch.randn_like(mine) / mine.numel()
    (mine * weights).sum().backward()
    (other * weights).sum().backward()
    theirs_grad = theirs.transformer.wte.weight.grad
    torch.testing.assert_close(ours.tokens.weight.grad, theirs_grad, atol=1e-5, rtol=1e-4)
    query = theirs.transformer.h[1].attn.c_attn.weight.grad.T[:32]
    torch.testing.assert_close(ours.blocks[1].attention.query.weight.grad, query, atol=1e-5, rtol=1e-4)


def test_logits_equal_transformers_in_float64_to_1e_10():
    ours, theirs = pair()
    ids = torch.randint(61, (2, 20))
    torch.testing.assert_close(ours.double()(ids), theirs.double()(ids).logits, atol=1e-10, rtol=0)


def test_padding_on_the_left_changes_nothing():
    ours, theirs = pair()
    ids = torch.randint(61, (2, 9))
    valid = torch.ones(2, 9, dtype=torch.bool)
    valid[0, :4] = False
    positions = (valid.long().cumsum(-1) - 1).clamp(min=0)
    mine = ours(ids, valid=valid, positions=positions)
    other = theirs(ids, attention_mask=valid.long(), position_ids=positions).logits
    torch.testing.assert_close(mine[0, 4:], other[0, 4:], atol=1e-4, rtol=1e-5)
    torch.testing.assert_close(mine[0, 4:], ours(ids[:1, 4:])[0], atol=1e-4, rtol=1e-5)


def test_caches_give_the_same_logits_in_any_pieces():
    model = tiny()
    ids = torch.randint(23, (2, 11))
    caches = model.new_caches()
    with torch.no_grad():
        parts = [model(ids[:, a:b], caches) for a, b in ((0, 4), (4, 5), (5, 9), (9, 11))]
        torch.testing.assert_close(torch.cat(parts, 1), model(ids), atol=1e-5, rtol=1e-5)


def test_no_position_sees_its_future():
    model = tiny().double()
    ids = torch.randint(23, (1, 10))
    changed = ids.clone()
    changed[0, 6:] = (changed[0, 6:] + 1) % 23
    assert torch.equal(model(ids)[0, :6], model(changed)[0, :6])


@pytest.mark.parametrize(
    ("ids", "message"),
    [
        (torch.zeros(1, 17, dtype=torch.long), "context"),
        (torch.tensor([[23]]), "0…22"),
        (torch.tensor([[-1]]), "0…22"),
        (torch.zeros(4, dtype=torch.long), "shape"),
        (torch.zeros(1, 0, dtype=torch.long), "shape"),
    ],
)
def test_bad_ids_are_named(ids, message):
    with pytest.raises(ValueError, match=message):
        tiny()(ids)


@pytest.mark.parametrize("change", [{"heads": 5}, {"layers": 0}, {"dropout": 1.0}, {"vocab_size": 0}])
def test_bad_sizes_are_named(change):
    with pytest.raises(ValueError, match=r"must|cannot"):
        tiny(**change)


def test_save_and_load(tmp_path):
    model = tiny()
    model.save(tmp_path, torch.float32)
    ids = torch.randint(23, (1, 8))
    assert torch.equal(GPT.load(tmp_path)(ids), model(ids))


def test_surprisal_pays_for_every_token_once():
    model = tiny().double()
    ids = torch.randint(23, (41,)).tolist()
    assert len(surprisal(model, ids)) == 40
    short = ids[:12]
    whole = model(torch.tensor([short[:-1]]))[0].log_softmax(-1)
    expected = -whole[torch.arange(11), torch.tensor(short[1:])] / math.log(2)
    torch.testing.assert_close(surprisal(model, short), expected)


@pytest.mark.parametrize("stride", [1, 5, 16])
def test_surprisal_uses_the_window_it_promises(stride):
    model = tiny().double()
    ids = torch.randint(23, (40,)).tolist()
    costs = surprisal(model, ids, stride)
    last = model(torch.tensor([ids[39 - 16 : 39]]))[0, -1].log_softmax(-1)[ids[39]]
    if stride == 1:
        torch.testing.assert_close(costs[-1], -last.detach() / math.log(2))
    assert len(costs) == 39


@pytest.mark.parametrize(("ids", "stride"), [([1], None), ([1, 2], 17), ([1, 2], -1)])
def test_surprisal_refuses(ids, stride):
    with pytest.raises(ValueError, match="at least two"):
        surprisal(tiny(), ids, stride)


def test_the_course_gpt_loads_and_fits_its_limit():
    model, tokenizer = course_gpt()
    assert (COURSE_GPT / "model.safetensors").stat().st_size <= 12_000_000
    assert len(tokenizer) == model.config.vocab_size
    assert tokenizer.decode(tokenizer.encode("Call me Ishmael. 床前明月光")) == "Call me Ishmael. 床前明月光"
