"""The figures in Chromium: each control changes what it says it changes, by mouse, keyboard and from outside."""

import numpy as np
import pytest
import torch

from eras import data
from eras.deep_learning.encoder_decoder import Config, EncoderDecoder
from eras.deep_learning.tensor import Tensor
from eras.deep_learning.translator import Translator, Units
from eras.figures.alignment import alignment_figure
from eras.figures.ambiguity import ambiguity
from eras.figures.attention import attention
from eras.figures.autograd import graph_figure
from eras.figures.beam_tree import beam_tree
from eras.figures.classify import classify_figure
from eras.figures.decoding import decoding_playground
from eras.figures.eliza import eliza_chat
from eras.figures.evolution_tree import evolution_tree
from eras.figures.ladder import ladder
from eras.figures.live_tokenizer import live_tokenizer
from eras.figures.neighbours import neighbours_figure
from eras.figures.ngram import ngram_figure
from eras.figures.page_gpt import page_gpt
from eras.figures.positions import positions_figure
from eras.figures.recurrent import gradients_figure
from eras.figures.seq2seq import seq2seq as translator_figure
from eras.figures.tagging import lattice_figure
from eras.figures.timeline import timeline
from eras.figures.tokenizer_stepper import tokenizer_stepper
from eras.figures.training_curve import training_curve
from eras.figures.transfer import pipeline_figure
from eras.ladder.results import read
from eras.llm.beam_trace import trace_beams
from eras.pretraining.gpt import COURSE_GPT, GPT, GPTConfig
from eras.pretraining.tokenizer import Tokenizer, count_words, train_bpe
from eras.rules.eliza_script import load_script, load_talk
from eras.statistical.ibm import Bitext, train_model1

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("figures")]


def _stepper():
    return tokenizer_stepper(
        count_words("low lower lowest, new newer newest 中文"), 12, [b" lower"], " slower"
    )


def _live():
    tokenizers = {str(size): Tokenizer(*train_bpe("low lower 你好 " * 9, size)) for size in (260, 270)}
    return live_tokenizer([("你好 lower", "low lower")], tokenizers)


def _positions():
    return positions_figure([1.0, 0.5, -1.0, 2.0], [0.3, 1.0, 1.0, -0.5])


def _tree():
    return evolution_tree([model for model in data.language_models() if model.date.year < 2020])


def _attention():
    scores = np.random.default_rng(0).normal(0, 2, (2, 3, 4, 4))
    return attention({"a ship": (["The", " ship", " sank", "."], scores)})


def _decoding():
    logits = np.random.default_rng(0).normal(0, 2, 30).tolist()
    return decoding_playground([("a ship", [1, 2, 1], logits)], {i: f" w{i}".encode() for i in range(30)})


def _beam_tree():
    table = torch.randn(5, 5, generator=torch.Generator().manual_seed(0))
    searches = {
        n: trace_beams(lambda ids: table[ids[:, -1]], torch.tensor([[0]]), n, 4, 2) for n in (1, 2, 3)
    }
    return beam_tree("a ship", searches, {i: f" w{i}".encode() for i in range(5)})


def _training_curve():
    rows = [
        {"step": n, "train": 3 / n, "valid": 3.2 / n, "rate": 1e-3, "tokens": 100 * n, "seconds": 9 * n}
        for n in range(1, 6)
    ]
    return training_curve(rows, {"xz": 1.2}, 3.0)


def _ngram():
    return ngram_figure(
        {"a ship": ("the ship, the shore, the sheep\n" * 3, "the sh"), "月": ("明月几时有", "明")}
    )


def _neighbours():
    words = ["king", "queen", "man", "whale", "ship", "sea"]
    return neighbours_figure(words, np.random.default_rng(0).normal(size=(6, 4)), "king", skip=0)


def _page_gpt():
    torch.manual_seed(0)
    model = GPT(GPTConfig(vocab_size=4096, context=32, layers=1, heads=2, width=16))
    return page_gpt(model, Tokenizer.load(COURSE_GPT / "tokenizer.json"), {"a whale": "The whale"}, count=5)


def _eliza():
    return eliza_chat({"English": load_script("doctor.en")}, {"English": load_talk("en")[:4]})


def _classify():
    rng, names = np.random.default_rng(0), ["good", "bad", "not_good", "film", "a", "."]
    models = {name: (rng.normal(size=6), 0.2) for name in ("naive Bayes", "SVM")}
    path = {strength: (rng.normal(size=6) / strength, 0.1) for strength in (1.0, 0.1)}
    return classify_figure(["Not a good film. Bad!"], names, np.ones(6), models, path, 0.1)


def _ambiguity():
    rules = [("S", ("S", "P", "S")), ("S", ("it",)), ("P", ("near",))]
    return ambiguity(rules, ["it near it near it", "it"])


def _lattice():
    rng = np.random.default_rng(0)
    lattices = {name: (rng.normal(0, 2, (4, 5)), rng.normal(0, 2, (5, 5))) for name in ("HMM", "CRF")}
    return lattice_figure({"点击插入": (list("OBMES"), list("OOBE"), lattices)})


def _transfer():
    return pipeline_figure([("打印所有批注。", "Prints all comments."), ("选择单元格。", "Select the cell.")])


def _alignment():
    pairs = [(["打开", "文件"], ["open", "file"]), (["打开", "窗口"], ["open", "a", "window"])]
    both = Bitext(pairs), Bitext([(target, source) for source, target in pairs])
    shares = {f"round {n}": tuple(train_model1(one, n).shares for one in both) for n in (0, 5)}
    return alignment_figure(pairs, [0, 1], both, shares)


def _autograd():
    a, b = (Tensor(x, requires_grad=True) for x in (2.0, -3.0))
    return graph_figure({"ab + b²": (a * b + b * b, {"a": a, "b": b}), "tanh": ((a * 0.5).tanh(), {"a": a})})


def _seq2seq():
    source, target = Units.of(["打开文件。"] * 3), Units.of(["open the file."] * 3)
    sizes = {"channels": 12, "encoder": 8, "decoder": 10, "scores": 6}
    model = EncoderDecoder(Config(len(source), len(target), "additive", **sizes))
    return translator_figure(Translator(model.eval(), source, target), ["打开文件。"])


FIGURES = {
    "autograd": _autograd,
    "seq2seq": _seq2seq,
    "alignment": _alignment,
    "tagging": _lattice,
    "ambiguity": _ambiguity,
    "classify": _classify,
    "attention": _attention,
    "page_gpt": _page_gpt,
    "ngram": _ngram,
    "neighbours": _neighbours,
    "decoding": _decoding,
    "beam_tree": _beam_tree,
    "training_curve": _training_curve,
    "evolution_tree": _tree,
    "timeline": timeline,
    "ladder": lambda: ladder(read()),
    "tokenizer_stepper": _stepper,
    "live_tokenizer": _live,
    "positions": _positions,
    "recurrent": lambda: gradients_figure(12),
    "eliza": _eliza,
    "transfer": _transfer,
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_keeps_to_itself_and_suits_everyone(open_figure, name, scheme):
    page = open_figure(FIGURES[name](), scheme=scheme)
    assert page.foreign == []
    assert page.complaints == []
    assert page.axe() == []


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_fits_a_phone(open_figure, name):
    page = open_figure(FIGURES[name](), width=375)
    assert page.evaluate("document.documentElement.scrollWidth") <= 375


@pytest.mark.parametrize("name", FIGURES)
def test_without_javascript_there_is_a_picture_and_the_data(open_figure, name):
    page = open_figure(FIGURES[name](), javascript=False)
    assert page.locator("figure.live .stage img[alt]").is_visible()
    page.click("figure.live summary")
    assert page.locator("figure.live details table").is_visible()


def test_timeline_tells_of_the_chosen_era(open_figure):
    page = open_figure(timeline())
    page.get_by_role("button", name="Deep learning").click()
    assert page.get("chosen") == "deep_learning"
    page.wait_for_function("document.querySelector('.stage').textContent.includes('word2vec')")
    page.set("chosen", "rules")
    page.wait_for_function("document.querySelector('.stage').textContent.includes('ELIZA')")
    assert page.get_by_role("button", name="Rules").get_attribute("aria-pressed") == "true"


def test_timeline_shows_a_dot_for_each_work_and_takes_a_click_on_a_lane(open_figure):
    page = open_figure(timeline())
    assert page.locator(".stage circle").count() == len(page.get("milestones"))
    page.locator(".stage svg text", has_text="Pretraining").click()
    assert page.get("chosen") == "pretraining"
    page.wait_for_function("document.querySelector('.spoken').textContent === 'Pretraining chosen'")
    works = [work["name"] for work in page.get("milestones") if work["era"] == "pretraining"]
    listed = page.locator(".stage li").all_inner_texts()
    assert [name in item for name, item in zip(works, listed, strict=True)] == [True] * len(works)
