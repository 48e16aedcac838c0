"""The byte LSTM and the classifier: costs add up however they are counted, and the checkpoint keeps its word."""

import json
import math
import zlib

import numpy as np
import pytest
import torch
from torch import nn

from eras.deep_learning.recurrent_classifier import BiLSTMClassifier, ClassifierConfig, train
from eras.deep_learning.recurrent_lm import (
    BYTE_LSTM,
    LONG_LSTM,
    START,
    VOCABULARY,
    ByteLM,
    LMConfig,
    symbols,
    use_torch_kernels,
)
from eras.deep_learning.train_recurrent_lm import TrainingConfig, rate, streams
from eras.deep_learning.train_recurrent_lm import train as train_lm

TEXTS = ["Hello, whale.", "一二三 and so on", "x" * 37, "", "ab"]


@pytest.fixture
def small():
    torch.manual_seed(3)
    return ByteLM(LMConfig(8, 12))


def test_costs_are_those_of_torchs_own_layers(small):
    layer = nn.LSTM(8, 12, batch_first=True)
    layer.load_state_dict({f"{name}_l0": t for name, t in small.run.cell.state_dict().items()})
    for text, cost in zip(TEXTS, small.costs(TEXTS, window=7), strict=True):
        ids = torch.tensor([symbols(text)])
        logits = small.output(layer(small.embedding(ids))[0])[0, :-1]
        wanted = nn.functional.cross_entropy(logits, ids[0, 1:], reduction="sum").item() / math.log(2)
        assert cost == pytest.approx(wanted, rel=1e-5)


def test_probabilities_of_all_continuations_sum_to_one(small):
    logits, _ = small(torch.tensor([symbols("ab")]))
    assert logits.shape == (1, 3, VOCABULARY)
    prefix = small.costs(["a"])[0]
    total = sum(2 ** -(small.costs([chr(b)])[0]) for b in range(128))
    assert 0 < total < 1
    assert prefix > 0


def test_torchs_kernel_is_the_same_function_with_the_same_parameters(small):
    ids = torch.randint(VOCABULARY, (3, 20))
    (a, s), names = small(ids), list(small.state_dict())
    slopes = torch.autograd.grad(a.square().sum(), list(small.parameters()))
    fused = use_torch_kernels(small)
    b, t = fused(ids)
    others = torch.autograd.grad(b.square().sum(), list(fused.parameters()))
    assert list(fused.state_dict()) == names
    assert fused.parameter_count() == sum(p.numel() for p in small.parameters())
    torch.testing.assert_close([a, *s, *slopes], [b, *t, *others], atol=1e-4, rtol=1e-4)


def test_saving_halves_and_loading_brings_back(small, tmp_path):
    small.save(tmp_path / "model.safetensors", {"seed": 1})
    again = ByteLM.load(tmp_path / "model.safetensors")
    assert again.config == small.config
    assert not again.training
    assert again.costs(TEXTS) == pytest.approx(small.costs(TEXTS), rel=1e-2)


def test_samples_follow_the_generator(small):
    drawn = [small.sample("ab", 20, 1.0, torch.Generator().manual_seed(s)) for s in (1, 1, 2)]
    assert drawn[0] == drawn[1] != drawn[2]
    assert drawn[0].startswith("ab")
    with pytest.raises(ValueError, match="above 0"):
        small.sample("ab", 1, 0.0, torch.Generator())


def test_streams_hold_every_document_once_a_pass():
    config = TrainingConfig(batch=2, length=5, steps=4)
    texts = ["abcdef", "xyz", "12345678"]
    ids = streams(texts, config, seed=1)
    assert ids.shape == (2, 21)
    flat = ids.flatten().tolist()
    first = flat[: sum(len(t) + 1 for t in texts)]
    assert sorted(first) == sorted(s for text in texts for s in symbols(text))
    assert first[0] == START
    assert [rate(0, TrainingConfig()), rate(TrainingConfig.steps, TrainingConfig())] == pytest.approx(
        [3e-5, 0]
    )


def test_training_learns_and_repeats(small):
    config = TrainingConfig(batch=4, length=8, steps=30, warmup=5, learning_rate=0.02, bfloat16=False)
    ids = streams(["abcabcabcabcabcabc"] * 9, config, seed=0)
    before = small.costs(["abcabcabc"])[0]
    rows = list(train_lm(small, ids, config, every=10))
    assert [row["step"] for row in rows] == [10, 20, 30]
    assert rows[-1]["loss"] < rows[0]["loss"]
    assert small.costs(["abcabcabc"])[0] < 0.7 * before


@pytest.mark.parametrize(("weights", "passes"), [(BYTE_LSTM, "1.0"), (LONG_LSTM, "6.4")])
def test_the_checkpoint_agrees_with_its_log(weights, passes):
    log = json.loads(weights.with_suffix(".json").read_text())
    model = use_torch_kernels(ByteLM.load(weights))
    assert log["parameters"] == model.parameter_count()
    assert log["symbols_seen"] == math.prod(log["training"][key] for key in ("steps", "batch", "length"))
    assert f"{log['symbols_seen'] / log['symbols']:.1f}" == passes  # as the ladder's rows are called
    assert weights.stat().st_size < 8e6
    assert [run["seed"] for run in log["runs"]] == sorted({run["seed"] for run in log["runs"]})
    text = "It was the best of times, it was the worst of times, and the whale swam on."
    assert model.costs([text])[0] < 8 * len(zlib.compress(text.encode()))


# The classifier


def test_padding_changes_nothing():
    texts = ["a good film", "no", "bad bad bad film , no good at all", "unheard words only"]
    model = BiLSTMClassifier(texts, ClassifierConfig(least=1, embedding=4, hidden=3)).eval()
    together = model(model.encode(texts))
    alone = torch.cat([model(model.encode([text])) for text in texts])
    torch.testing.assert_close(together, alone)
    assert model.encode(["", "zzz"]).tolist() == [[1], [1]]
    assert (model.predict(texts, batch=2) == alone.argmax(1).numpy()).all()


def test_it_learns_an_order_of_words():
    texts = ["dog bites man", "man bites dog"] * 40
    labels = np.array([0, 1] * 40)
    config = ClassifierConfig(
        least=1, embedding=8, hidden=8, dropout=0.0, epochs=12, batch=8, learning_rate=0.03
    )
    losses, models = zip(*train(texts, labels, config, seed=1), strict=True)
    assert losses[-1] < 0.1
    assert (models[-1].predict(texts) == labels).all()
