"""The ladder: what is recorded is what a re-measurement gives, and its baselines are what they claim to be."""

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
    ("measure", "tolerance"),
    [
        (command.byte_unigram, 1e-4),
        (command.byte_5gram, 1e-4),
        (command.byte_7gram, 1e-4),
    ],
)
def test_recorded_rows_are_measured_again(measure, tolerance):
    row = measure()
    for name, value in recorded(row.system).values.items():
        assert row.values[name] == pytest.approx(value, abs=tolerance)


def test_a_corpus_of_xz_is_measured_again(texts):
    poems = {"tang": ["".join(lm.held_out_documents()["tang"])]}
    values = lm.bits_per_byte(lm.xz_model(texts).cost, poems)
    assert values["tang"] == pytest.approx(recorded("xz").values["tang"], abs=0.01)


def test_the_course_gpt_stands_well_below_xz_and_the_5gram():
    values = {name: recorded(name).values["all"] for name in ("course GPT", "xz", "byte 5-gram, Witten-Bell")}
    assert values["course GPT"] < 0.85 * min(values["xz"], values["byte 5-gram, Witten-Bell"])


def test_kneser_ney_stands_between_witten_bell_and_the_course_gpt():
    values = [row.values["all"] for row in read() if row.system.endswith("modified Kneser-Ney")]
    assert len(values) == 4
    assert recorded("course GPT").values["all"] < min(values)
    assert max(values) < recorded("byte 5-gram, Witten-Bell").values["all"]


def test_one_document_of_the_course_gpt_is_measured_again():
    from eras.pretraining.gpt import course_gpt

    speeches = {"sotu": lm.held_out_documents()["sotu"]}
    values = lm.bits_per_byte(lm.gpt_cost(*course_gpt()), speeches)
    assert values["sotu"] == pytest.approx(recorded("course GPT").values["sotu"], abs=2e-3)


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
