"""The ladder: what is recorded is what a re-measurement gives, and its baselines are what they claim to be."""

import itertools
import math

import numpy as np
import pytest

from eras.data import SplitError
from eras.ladder import __main__ as command
from eras.ladder import language_modelling as lm
from eras.ladder.results import Row, read, record


@pytest.fixture(scope="module")
def texts():
    return lm.training_documents()


def recorded(system: str) -> Row:
    return next(row for row in read() if row.system == system)


@pytest.mark.parametrize(
    ("measure", "tolerance"), [(command.byte_unigram, 1e-4), (command.byte_5gram, 1e-4), (command.xz, 0.01)]
)
def test_recorded_rows_are_measured_again(measure, tolerance):
    row = measure()
    for name, value in recorded(row.system).values.items():
        assert row.values[name] == pytest.approx(value, abs=tolerance)


def test_the_course_gpt_stands_well_below_xz_and_the_5gram():
    values = {name: recorded(name).values["all"] for name in ("course GPT", "xz", "byte 5-gram, Witten-Bell")}
    assert values["course GPT"] < 0.85 * min(values["xz"], values["byte 5-gram, Witten-Bell"])


def test_one_document_of_the_course_gpt_is_measured_again():
    from eras.pretraining.gpt import course_gpt

    speeches = {"sotu": lm.held_out_documents()["sotu"]}
    values = lm.bits_per_byte(lm.gpt_cost(*course_gpt()), speeches)
    assert values["sotu"] == pytest.approx(recorded("course GPT").values["sotu"], abs=2e-3)


@pytest.mark.parametrize("order", [1, 2, 5, 7])
def test_ngram_probabilities_sum_to_one(order):
    model = lm.ByteNgram(["the cat sat on the mat", "天地玄黄"], order)
    for context in ("", "the c", "xyz", "天"):
        total = 0.0
        for byte in range(256):
            padded = np.frombuffer(b"\0" * (order - 1) + context.encode() + bytes([byte]), np.uint8)
            code = int.from_bytes(padded[-order:].tobytes(), "big")
            total += 2 ** -_cost_of_code(model, code)
        assert total == pytest.approx(1.0)


def _cost_of_code(model, code):
    probability = 1 / 256
    for n, (ngrams, counts, contexts, totals, types) in enumerate(model.tables, start=1):
        gram = np.array([code & lm._mask(n)])
        found = lm._look_up(ngrams, counts, gram)[0]
        seen, kinds = (lm._look_up(contexts, column, gram >> 8)[0] for column in (totals, types))
        if seen:
            probability = (found + kinds * probability) / (seen + kinds)
    return -math.log2(probability)


def test_ngram_counts_against_plain_python():
    text = "abracadabra"
    model = lm.ByteNgram([text], 2)
    raw = b"\0" + text.encode()
    pairs = list(itertools.pairwise(raw))
    ngrams, counts, *_ = model.tables[1]
    assert {int(g): int(c) for g, c in zip(ngrams, counts, strict=True)} == {
        a << 8 | b: pairs.count((a, b)) for a, b in pairs
    }


def test_bits_per_byte_weighs_by_bytes():
    values = lm.bits_per_byte(lambda text: 8.0 * len(text), {"a": ["xx", "y"], "b": ["山"]})
    assert values == {"all": 8 * 4 / 6, "a": 8.0, "b": 8 / 3}


def test_held_out_text_is_never_the_training_split():
    with pytest.raises(SplitError):
        lm.held_out_documents("train")


def test_held_out_documents_are_not_in_the_training_text(texts):
    joined = "".join(texts)
    for documents in lm.held_out_documents().values():
        assert not any(document[:200] in joined for document in documents if len(document) > 200)


def test_a_new_row_replaces_the_old_one(tmp_path):
    path = tmp_path / "results.jsonl"
    record(Row("t", "a", "rules", "m", {"all": 1.0}), path)
    record(Row("t", "b", "rules", "m", {"all": 2.0}), path)
    record(Row("t", "a", "rules", "m", {"all": 3.0}), path)
    assert [(row.system, row.values["all"]) for row in read(path)] == [("a", 3.0), ("b", 2.0)]


def test_a_broken_results_file_names_its_line(tmp_path):
    path = tmp_path / "results.jsonl"
    path.write_text('{"task": 1}\n')
    with pytest.raises(ValueError, match="line 1"):
        read(path)


def test_unknown_systems_are_named(capsys):
    assert command.main(["nothing"]) == 2
    assert "no system called nothing" in capsys.readouterr().err


def test_orders_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="order"):
        lm.ByteNgram(["a"], 8)
