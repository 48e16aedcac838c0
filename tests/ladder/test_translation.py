"""The translation task: what is held out, what is measured, and whether one system is above another."""

import json
import statistics
from types import SimpleNamespace

import pytest
import sacrebleu

from eras import data
from eras.deep_learning import train_seq2seq
from eras.deep_learning.translator import Translator
from eras.ladder import translation
from eras.ladder.results import read


def test_a_thousand_pairs_are_held_out_by_page():
    pairs = translation.held_out()
    assert len(pairs) >= 1000
    assert not {pair.page for pair in pairs} & set(data.pair_pages("train"))
    assert [(pair.source, pair.target) for pair in pairs] == data.load_pairs("test")
    assert not {pair.target for pair in pairs} & {target for _, target in translation.training()}


def test_the_train_split_is_not_asked_about():
    with pytest.raises(data.SplitError):
        translation.held_out("train")


def test_measures_are_sacrebleus():
    pairs = translation.held_out("valid")[:200]
    translated = [pair.target[: 3 * len(pair.target) // 4] for pair in pairs]
    fields = translation.measure(lambda sources: translated, pairs)
    references = [[pair.target for pair in pairs]]
    assert fields["values"]["all"] == pytest.approx(
        sacrebleu.corpus_chrf(translated, references).score, abs=0.006
    )
    assert fields["also"]["BLEU"] == pytest.approx(
        sacrebleu.corpus_bleu(translated, references).score, abs=0.006
    )
    low, high = fields["intervals"]["all"]
    assert low < fields["values"]["all"] < high


def test_a_paired_bootstrap_tells_better_from_as_good():
    pairs = translation.held_out("valid")[:200]
    worse = [pair.target[:-3] for pair in pairs]
    even = [p.target[:-3] if i % 2 else p.target for i, p in enumerate(pairs)]
    odd = [p.target if i % 2 else p.target[:-3] for i, p in enumerate(pairs)]
    clear = translation.paired(even, worse, pairs)
    assert clear["low"] > 0
    assert clear["p"] == 0
    unclear = translation.paired(even, odd, pairs)
    assert unclear["low"] < 0 < unclear["high"]
    assert translation.paired(worse, even, pairs)["difference"] == pytest.approx(-clear["difference"])


def recorded(system):
    return next(row for row in read() if (row.task, row.system) == (translation.TASK, system))


def test_phrases_are_clearly_above_rules_and_rules_clearly_above_words():
    words, rules, phrases = map(recorded, ("word for word", "transfer rules", "phrase-based"))
    assert words.intervals["all"][1] < rules.intervals["all"][0]
    assert rules.values["all"] < phrases.intervals["all"][0]
    assert rules.intervals["all"][1] < phrases.values["all"]
    assert rules.also["BLEU"] < phrases.also["BLEU, low"]


def test_model_1s_row_is_measured_again():
    row = translation.model_1()
    assert row.values == pytest.approx(recorded(row.system).values, abs=0.01)
    assert row.parameters == recorded(row.system).parameters


def test_several_seeds_are_scored_as_their_mean_and_spread():
    pairs = translation.held_out("valid")[:200]
    whole = [pair.target for pair in pairs]
    runs = [whole, [text[:-3] for text in whole], [text[:-6] for text in whole]]
    found, single = translation.scores(runs, pairs), [translation.scores([run], pairs) for run in runs]
    each = [one["values"]["all"] for one in single]
    assert found["values"]["all"] == pytest.approx(statistics.mean(each), abs=0.01)
    assert found["spread"]["all"] == pytest.approx(statistics.stdev(each), abs=0.01)
    assert found["also"]["BLEU"] == pytest.approx(
        statistics.mean(o["also"]["BLEU"] for o in single), abs=0.01
    )
    low, high = found["intervals"]["all"]
    assert low < found["values"]["all"] < high
    assert single[0]["spread"] == {}


SYSTEMS = (
    "encoder-decoder",
    "encoder-decoder, Bahdanau's attention",
    "encoder-decoder, Luong's attention",
)
NETWORKS = {"encoder_decoder": "none", "bahdanau": "additive", "luong": "general"}


@pytest.mark.parametrize("name", NETWORKS)
def test_networks_rows_are_what_their_logs_score(name, monkeypatch):
    weights, log = train_seq2seq.files(NETWORKS[name])
    assert weights.stat().st_size < 8e6
    runs = json.loads(log.read_text("utf-8"))
    assert [run["seed"] for run in runs] == list(train_seq2seq.SEEDS)
    said = SimpleNamespace(translate=lambda sources: runs[0]["translations"])
    monkeypatch.setattr(translation.Translator, "load", lambda file: said)
    row = translation.SYSTEMS[name]()
    found = recorded(row.system)
    assert (row.values, row.spread, row.intervals) == (found.values, found.spread, found.intervals)
    assert row.seeds == found.seeds


@pytest.mark.parametrize("kind", NETWORKS.values())
def test_kept_weights_translate_as_their_log_says(kind):
    weights, log = train_seq2seq.files(kind)
    run = json.loads(log.read_text("utf-8"))[0]
    sources = [pair.source for pair in translation.held_out()][::40]
    again = Translator.load(weights).translate(sources)
    assert sum(now != then for now, then in zip(again, run["translations"][::40], strict=True)) <= 1


def test_weights_that_say_something_else_give_no_row(monkeypatch):
    other = SimpleNamespace(translate=lambda sources: ["Yes."] * len(sources))
    monkeypatch.setattr(translation.Translator, "load", lambda file: other)
    with pytest.raises(ValueError, match="train it again"):
        translation.luong()


def test_attention_is_clearly_above_none():
    none, *attentions = map(recorded, SYSTEMS)
    assert all(row.intervals["all"][0] > none.intervals["all"][1] for row in attentions)
