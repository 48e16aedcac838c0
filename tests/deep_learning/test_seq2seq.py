"""The encoder-decoders against the same networks put together from torch's own modules, and the search."""

import itertools
import json
import math

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from eras.data import Aligned
from eras.deep_learning import seq2seq, train_seq2seq
from eras.deep_learning.encoder_decoder import Config, EncoderDecoder
from eras.deep_learning.seq2seq import END, PAD, START, UNKNOWN, alignment_error, beam_search, length_penalty
from eras.deep_learning.translator import Translator, Units, limit, links_error, padded, shares

SIZES = {"channels": 5, "encoder": 4, "decoder": 6, "scores": 3, "dropout": 0.0}


def model(attention, seed=0):
    torch.manual_seed(seed)
    return EncoderDecoder(Config(9, 8, attention, **SIZES)).double()


def batch():
    source = padded([[4, 5, 6, 7, 8, END], [8, 4, END], [END]])
    words, targets = seq2seq.teacher_forcing([[4, 5], [6, 7, 4, 5], []])
    return source, words, targets


def test_a_batch_is_padded_at_the_end():
    source, words, targets = batch()
    assert source[1].tolist() == [8, 4, END, PAD, PAD, PAD]
    assert words.tolist() == [[1, 4, 5, 0, 0], [1, 6, 7, 4, 5], [1, 0, 0, 0, 0]]
    assert targets.tolist() == [[4, 5, 2, 0, 0], [6, 7, 4, 5, 2], [2, 0, 0, 0, 0]]
    assert [part.shape for part in seq2seq.teacher_forcing([])] == [(0, 1), (0, 1)]


def theirs_memory(ours, source):
    """torch's bidirectional GRU on packed sequences, with our weights."""
    network = nn.GRU(5, 4, batch_first=True, bidirectional=True).double()
    cells = ours.encoder.network.ahead.cell, ours.encoder.network.back.cell
    for suffix, cell in zip(("", "_reverse"), cells, strict=True):
        for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
            setattr(network, f"{name}_l0{suffix}", nn.Parameter(getattr(cell, name).detach().clone()))
    lengths = (source != PAD).sum(1)
    embedded = F.embedding(source, ours.encoder.embedding.weight)
    packed, last = network(pack_padded_sequence(embedded, lengths, batch_first=True, enforce_sorted=False))
    return pad_packed_sequence(packed, batch_first=True)[0], torch.cat([last[0], last[1]], -1), network


def theirs(ours, source, words):
    """The logits by torch's modules and by equations written another way."""
    decoder = ours.decoder
    memory, summary, network = theirs_memory(ours, source)
    cell = nn.GRUCell(decoder.cell.inputs, 6).double()
    cell.load_state_dict(decoder.cell.state_dict())
    h, fed, rows = torch.tanh(decoder.first(summary)), torch.zeros(3, 5).double(), []
    mask = torch.where(source == PAD, -torch.inf, 0.0)
    for t in range(words.shape[1]):
        y = decoder.embedding.weight[words[:, t]]
        if ours.config.attention == "general":
            h = cell(torch.cat([y, fed], 1), h)
            scores = torch.stack(
                [(h @ decoder.score.weight * memory[:, s]).mean(1) for s in range(memory.shape[1])], 1
            )
            context = torch.einsum("bs,bsm->bm", (scores + mask).softmax(1), memory)
            fed = torch.tanh(F.linear(torch.cat([context, h], 1), decoder.readout.weight))
            rows.append(fed)
            continue
        context = summary
        if ours.config.attention == "additive":
            q, k = F.linear(h, decoder.score.query.weight), F.linear(memory, decoder.score.key.weight)
            scores = torch.stack([torch.tanh(q + k[:, s]) @ decoder.score.v for s in range(k.shape[1])], 1)
            context = torch.einsum("bs,bsm->bm", (scores + mask).softmax(1), memory)
        h = cell(torch.cat([y, context], 1), h)
        rows.append(torch.tanh(decoder.readout(torch.cat([h, context, y], 1))))
    return torch.stack(rows, 1) @ decoder.embedding.weight.T + decoder.bias, network, cell


@pytest.mark.parametrize("attention", ["none", "additive", "general"])
def test_logits_loss_and_gradients_are_torch_s(attention):
    ours = model(attention)
    source, words, targets = batch()
    logits, (expected, network, cell) = ours(source, words), theirs(ours, source, words)
    real = targets != PAD
    torch.testing.assert_close(logits[real], expected[real], rtol=0, atol=1e-12)
    loss = seq2seq.token_loss(logits, targets)
    reference = F.cross_entropy(expected.flatten(0, 1), targets.flatten(), ignore_index=PAD)
    assert loss.item() == pytest.approx(reference.item(), abs=1e-12)
    shared = [ours.decoder.embedding.weight, ours.decoder.first.weight, ours.decoder.readout.weight]
    mine = torch.autograd.grad(loss, [*ours.parameters()], retain_graph=True, allow_unused=True)
    named = dict(zip((name for name, _ in ours.named_parameters()), mine, strict=True))
    other = torch.autograd.grad(reference, [*shared, network.weight_hh_l0_reverse, cell.weight_hh])
    names = "decoder.embedding.weight decoder.first.weight decoder.readout.weight"
    names += " encoder.network.back.cell.weight_hh decoder.cell.weight_hh"
    for name, gradient in zip(names.split(), other, strict=True):
        torch.testing.assert_close(named[name], gradient, rtol=0, atol=1e-10)


@pytest.mark.parametrize("attention", ["none", "additive", "general"])
def test_padding_changes_nothing(attention):
    ours = model(attention)
    source, words, _ = batch()
    longer = F.pad(source, (0, 3))
    torch.testing.assert_close(ours(longer, words), ours(source, words), rtol=0, atol=1e-12)
    alone = ours(source[1:2, :3], words[1:2])
    torch.testing.assert_close(ours(source, words)[1:2], alone, rtol=0, atol=1e-12)


def test_general_score_is_a_bilinear_form():
    torch.manual_seed(1)
    bilinear = nn.Bilinear(3, 4, 1, bias=False).double()
    query, memory = torch.randn(2, 3).double(), torch.randn(2, 5, 4).double()
    expected = torch.stack([bilinear(query, memory[:, s].contiguous())[:, 0] for s in range(5)], 1)
    torch.testing.assert_close(seq2seq.general_scores(query, memory, bilinear.weight[0]), expected)


def test_weights_are_a_distribution_over_real_positions():
    scores = torch.tensor([[1e4, 0.0, -1e4], [1.0, 2.0, 3.0], [1.0, 2.0, 3.0]])
    mask = torch.tensor([[True, True, True], [True, True, False], [False, False, False]])
    memory = torch.arange(9.0).view(1, 3, 3).expand(3, 3, 3)
    context, weights = seq2seq.attend(scores, memory, mask)
    torch.testing.assert_close(context, torch.einsum("bs,bsm->bm", weights, memory))
    assert weights[0].tolist() == [1, 0, 0]
    assert weights[1].tolist() == pytest.approx([0.26894, 0.73106, 0], abs=1e-5)
    assert weights[2].tolist() == [0, 0, 0]
    ours = model("additive")
    source, words, _ = batch()
    seen = ours.attention(source, words)
    assert seen.shape == (3, 5, 6)
    torch.testing.assert_close(seen.sum(-1), torch.ones(3, 5).double())
    assert (seen[1, :, 3:] == 0).all()


def chain(table):
    """Log-probabilities of a Markov chain over tokens, as `beam_search` asks for them; the state counts steps."""
    logs = torch.log(torch.tensor(table, dtype=torch.float64))
    return lambda last, steps: (logs[last], steps + 1), lambda steps, rows: steps


TABLE = [
    [0, 0, 0, 0, 0],
    [0, 0, 0.05, 0.5, 0.45],
    [0, 0, 1, 0, 0],
    [0, 0, 0.3, 0.35, 0.35],
    [0, 0, 0.9, 0.05, 0.05],
]


def everything(longest):
    """All finished sequences of the chain up to a length, best first."""
    found = []
    for length in range(longest):
        for middle in itertools.product((3, 4), repeat=length):
            path = (START, *middle, END)
            found.append((math.prod(TABLE[a][b] for a, b in itertools.pairwise(path)), path[1:]))
    return sorted(found, reverse=True)


def test_greedy_search_is_a_beam_of_one_and_misses_the_best():
    step, pick = chain(TABLE)
    ((greedy, _),) = beam_search(step, pick, 0, width=1, limit=6)
    assert greedy[:2] == (3, 3)
    best, score = beam_search(step, pick, 0, width=2, limit=6)[0]
    assert best == (4, END) == everything(4)[0][1]
    assert math.exp(score) == pytest.approx(0.405)


def test_a_wide_beam_finds_the_best_of_all():
    step, pick = chain(TABLE)
    found = beam_search(step, pick, 0, width=64, limit=6)
    wanted = everything(5)
    assert [tokens for tokens, _ in found[:6]] == [tokens for _, tokens in wanted[:6]]
    assert [math.exp(score) for _, score in found[:6]] == pytest.approx([p for p, _ in wanted[:6]])


def test_what_is_unfinished_at_the_limit_counts_and_length_is_made_up_for():
    step, pick = chain([[0] * 4, [0, 0, 0.4, 0.6], [0, 0, 1, 0], [0, 0, 0.01, 0.99]])
    assert [tokens for tokens, _ in beam_search(step, pick, 0, 2, 3)] == [(END,), (3, 3, 3)][::-1]
    assert [tokens for tokens, _ in beam_search(step, pick, 0, 1, 0)] == [()]
    step, pick = chain([[0] * 4, [0, 0, 0.4, 0.6], [0, 0, 1, 0], [0, 0, 0.6, 0.4]])
    found = [beam_search(step, pick, 0, 2, 9, alpha)[0][0] for alpha in (0.0, 3.0)]
    assert found == [(END,), (3, END)]
    assert length_penalty(7, 1.0) == 2


@pytest.fixture
def translator():
    texts = ["ab ab c", "d 中文 ab"]
    units = Units.of(texts, least=2)
    torch.manual_seed(3)
    sizes = SIZES | {"channels": 6}
    return Translator(EncoderDecoder(Config(len(units), len(units), "general", **sizes)).eval(), units, units)


def test_rare_words_are_spelled_and_only_strange_characters_lost(translator):
    units = translator.target
    assert " ab" in units.numbers
    assert "中" in units.numbers
    assert units.pieces("ab ab cab") == ["a", "b", " ab", " ", "c", "a", "b"]
    for text in ("ab ab c", " dcb中 a", ""):
        assert units.decode(units.encode(text)) == text
    assert units.encode("z") == [UNKNOWN]
    assert units.decode([*units.encode("az"), END, PAD]) == "a�"


def test_a_translator_is_what_it_was_when_it_comes_back(translator, tmp_path):
    translator.save(tmp_path / "t.safetensors")
    again = Translator.load(tmp_path / "t.safetensors")
    assert again.target.names == translator.target.names
    source = translator.read(["ab c"])
    close = {"rtol": 0, "atol": 1e-2}
    torch.testing.assert_close(again.model(source, source), translator.model(source, source), **close)


def test_all_at_once_or_one_by_one_greedy_says_the_same(translator):
    texts = ["ab", "d 中文 ab c", "c"]
    once = translator.greedy(texts)
    assert once == translator.translate(texts, width=1)
    for text in texts:
        best = translator.hypotheses(text, width=3)
        assert len(best) == 3
        assert all(len(tokens) <= limit(len(translator.source.encode(text)) + 1) for tokens, _ in best)


def test_alignment_error_counts_what_is_missed_and_what_is_wrong():
    sure, possible = {(0, 0), (1, 1)}, {(1, 2)}
    assert alignment_error(sure, sure, possible) == 0
    assert alignment_error(sure | possible, sure, possible) == 0
    assert alignment_error({(2, 2)}, sure, possible) == 1
    assert alignment_error({(0, 0), (2, 2)}, sure, possible) == pytest.approx(1 - 2 / 4)
    assert alignment_error({(0, 0), (1, 2)}, sure, possible) == pytest.approx(1 - 3 / 4)
    assert alignment_error(set(), sure) == 1
    with pytest.raises(ValueError, match="neither"):
        alignment_error(set(), set(), possible)


def test_links_of_several_pairs_are_counted_together():
    one = Aligned("甲", "a", ("甲",), ("a",), frozenset({(0, 0)}), frozenset())
    two = Aligned("甲乙", "a b", ("甲", "乙"), ("a", "b"), frozenset({(0, 0), (1, 1)}), frozenset({(1, 0)}))
    assert links_error([{(0, 0)}, {(0, 0), (1, 1)}], [one, two]) == 0
    found = [set(), {(0, 0), (1, 0), (0, 1)}]
    assert links_error(found, [one, two]) == pytest.approx(1 - (1 + 2) / (3 + 3))
    with pytest.raises(ValueError, match="argument 2 is longer"):
        links_error(found[:1], [one, two])


def test_pieces_and_words_share_characters():
    table = shares(["a", "b", " cd", " ", "e"], ["ab", "c", "de"])
    assert table.tolist() == [[1, 1, 0, 0, 0], [0, 0, 0.5, 0, 0], [0, 0, 0.5, 0, 1]]
    with pytest.raises(ValueError, match="same text"):
        shares(["a"], ["ab"])


def test_weights_of_words_are_a_distribution(translator):
    pair = Aligned("中文 ab", "ab d", ("中文", "ab"), ("ab", "d"), frozenset(), frozenset())
    weights = translator.word_weights(pair)
    assert weights.shape == (2, 3)
    assert weights.sum(1).tolist() == pytest.approx([1, 1], abs=1e-5)
    assert all(0 <= i < 2 and 0 <= j < 2 for i, j in translator.links(pair))


def test_training_learns_pairs_by_heart_and_is_repeatable(tmp_path, monkeypatch):
    for name, value in (("EPOCHS", 8), ("BATCH", 6), ("RATE", 0.01)):
        monkeypatch.setattr(train_seq2seq, name, value)
    rows = [([4, 5, 6], [4, 5]), ([6, 5, 4], [6]), ([7], [7, 7, 7])] * 20
    logs = []
    for _ in range(2):
        torch.manual_seed(7)
        network = EncoderDecoder(Config(9, 8, "additive", channels=16, encoder=16, decoder=16, scores=8))
        logs.append(train_seq2seq.train(network, rows, rows[:3], 1, say=lambda *_, **__: None))
    losses = [[(entry["train"], entry["valid"]) for entry in log] for log in logs]
    assert losses[0] == losses[1]
    assert losses[0][-1][1] < 0.5 * losses[0][0][1]
    assert train_seq2seq.mean_loss(network, rows) == pytest.approx(min(v for _, v in losses[0]), rel=1e-4)


def test_runs_are_kept_by_seed_and_the_first_one_s_weights(translator, tmp_path, monkeypatch):
    monkeypatch.setattr(train_seq2seq, "CHECKPOINTS", tmp_path)
    for seed, value in ((2, 1.0), (1, 2.0), (2, 3.0)):
        train_seq2seq.record("general", translator, {"seed": seed, "valid": value})
    weights, log = train_seq2seq.files("general")
    assert json.loads(log.read_text()) == [{"seed": 1, "valid": 2.0}, {"seed": 2, "valid": 3.0}]
    assert Translator.load(weights).source.names == translator.source.names


def test_shuffled_sources_keep_their_words_and_the_split():
    plain, moved = (train_seq2seq.pairs(kind, "valid")[:50] for kind in ("none", "shuffled"))
    assert [en for _, en in plain] == [en for _, en in moved]
    for (before, _), (after, _) in zip(plain, moved, strict=True):
        found, order = train_seq2seq.mixed(before)
        assert sorted(order) == list(range(len(found)))
        assert "".join(found) == before.replace(" ", "")
        assert "".join(found[i] for i in order) == after.replace(" ", "")
    assert sum(a == b for (a, _), (b, _) in zip(plain, moved, strict=True)) < 10


def test_an_unknown_kind_is_one_clear_line(capsys):
    with pytest.raises(SystemExit):
        train_seq2seq.main(["softmax"])
    assert "no kind called softmax; there are none, additive" in capsys.readouterr().err
