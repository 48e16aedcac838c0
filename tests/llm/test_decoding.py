"""Decoding against transformers on the same random weights, against enumeration, and on bad input."""

import itertools
import math
from typing import ClassVar

import pytest
import torch

from eras.llm import decoding
from eras.llm.decoding import (
    MinP,
    NoRepeatNGram,
    OneHot,
    RepetitionPenalty,
    Sampler,
    Softmax,
    Stop,
    Temperature,
    TopK,
    TopP,
    Typical,
)
from eras.llm.steps import PAD, CachedStep, PlainStep, left_pad, shared_prefix
from eras.pretraining.gpt import GPT, GPTConfig
from tests.pretraining.oracle import from_gpt2, tiny_gpt2

transformers = pytest.importorskip("transformers")
hf = transformers.generation.logits_process
PROMPTS = [[1, 2, 3, 4, 5], [9], [4, 4, 8]]
PADDED = left_pad(PROMPTS)


@pytest.fixture(scope="module")
def pair():
    """The same random weights in transformers' model and in ours."""
    theirs = tiny_gpt2(seed=3, vocab_size=41)
    return theirs, from_gpt2(theirs)


def their_generate(model, ids, count, **settings):
    """New ids as transformers generates them; PAD in ids is masked."""
    settings = {"max_new_tokens": count, "do_sample": False, "pad_token_id": 1} | settings
    out = model.generate(ids.clamp(min=0), attention_mask=(ids >= 0).long(), **settings)
    return out if settings.get("return_dict_in_generate") else out[:, ids.shape[1] :].tolist()


def seeded(seed):
    return torch.Generator().manual_seed(seed)


def random_case(seed, rows=4, vocabulary=50, length=30, scale=3.0):
    generator = seeded(seed)
    ids = torch.randint(0, vocabulary, (rows, length), generator=generator)
    return ids, torch.randn(rows, vocabulary, generator=generator) * scale


# Processors


PROCESSORS = [
    *((Temperature(t), lambda t=t: hf.TemperatureLogitsWarper(t)) for t in (0.1, 0.7, 1.0, 2.5)),
    *((TopK(k), lambda k=k: hf.TopKLogitsWarper(k)) for k in (1, 2, 10, 49, 50, 400)),
    *((TopP(p), lambda p=p: hf.TopPLogitsWarper(p)) for p in (1e-9, 1e-6, 0.1, 0.5, 0.9, 0.99, 1.0)),
    *((MinP(p), lambda p=p: hf.MinPLogitsWarper(p)) for p in (1e-6, 0.01, 0.1, 0.5, 1.0)),
    *((Typical(m), lambda m=m: hf.TypicalLogitsWarper(m)) for m in (0.05, 0.2, 0.5, 0.9, 0.99)),
    *(
        (RepetitionPenalty(a), lambda a=a: hf.RepetitionPenaltyLogitsProcessor(a))
        for a in (0.5, 1.0, 1.2, 5.0)
    ),
    *((NoRepeatNGram(n), lambda n=n: hf.NoRepeatNGramLogitsProcessor(n)) for n in (1, 2, 3, 5, 31)),
]


@pytest.mark.parametrize(
    ("ours", "theirs"), PROCESSORS, ids=lambda x: "" if callable(x) and "lambda" in repr(x) else str(x)
)
def test_processors_equal_transformers(ours, theirs):
    theirs = theirs()
    for seed in range(20):
        ids, logits = random_case(seed, vocabulary=50 if seed % 2 else 7, scale=[0.1, 1, 3, 10][seed % 4])
        before = logits.clone()
        torch.testing.assert_close(ours(ids, logits), theirs(ids, logits), rtol=1e-6, atol=1e-6)
        assert torch.equal(logits, before), "changed its argument"


def test_processors_compose_as_theirs():
    ids, logits = random_case(5)
    ours = [RepetitionPenalty(1.3), NoRepeatNGram(2), Temperature(0.8), TopK(20), TopP(0.9), MinP(0.05)]
    theirs = [hf.RepetitionPenaltyLogitsProcessor(1.3), hf.NoRepeatNGramLogitsProcessor(2)]
    theirs += [hf.TemperatureLogitsWarper(0.8), hf.TopKLogitsWarper(20), hf.TopPLogitsWarper(0.9)]
    theirs = transformers.LogitsProcessorList([*theirs, hf.MinPLogitsWarper(0.05)])
    torch.testing.assert_close(decoding.process(ours, ids, logits), theirs(ids, logits))


@pytest.mark.parametrize(
    "processor", [RepetitionPenalty(2.0), NoRepeatNGram(1), NoRepeatNGram(2), NoRepeatNGram(4)]
)
def test_padding_counts_for_nothing(processor):
    ids, logits = random_case(1, rows=1, vocabulary=6, length=9)
    ids = ids.clamp(min=1, max=4)  # neither token 0 nor the last one, for which PAD could be taken
    for left, right in [(3, 0), (0, 2), (5, 1)]:
        padded = torch.nn.functional.pad(ids, (left, right), value=PAD)
        assert torch.equal(processor(padded, logits), processor(ids, logits))


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_ngrams_that_overlap_themselves(n):
    ids, logits = torch.full((1, 3), 2), torch.zeros(1, 4)
    want = hf.NoRepeatNGramLogitsProcessor(n)(ids, logits)
    assert torch.equal(decoding.no_repeat_ngram(ids, logits, n), want)
    assert (want[0, 2] == -math.inf) == (n <= 3)


def test_forbidden_tokens_stay_forbidden():
    ids, logits = random_case(2)
    logits[:, ::2] = -math.inf
    for ours, _ in PROCESSORS:
        result = ours(ids, logits)
        assert (result[:, ::2] == -math.inf).all()
        assert not result.isnan().any()


@pytest.mark.parametrize(
    ("build", "word"),
    [
        (lambda: Temperature(0), "greedy"),
        (lambda: Temperature(-1), "above 0"),
        (lambda: Temperature(math.inf), "finite"),
        (lambda: Temperature(math.nan), "above 0"),
        (lambda: TopK(0), "at least 1"),
        (lambda: TopP(0), "above 0"),
        (lambda: TopP(1.01), "at most 1"),
        (lambda: TopP(math.nan), "above 0"),
        (lambda: MinP(0), "above 0"),
        (lambda: MinP(-0.1), "above 0"),
        (lambda: Typical(1.5), "at most 1"),
        (lambda: RepetitionPenalty(0), "above 0"),
        (lambda: RepetitionPenalty(-2), "above 0"),
        (lambda: NoRepeatNGram(0), "at least 1"),
    ],
)
def test_bad_settings_fail_when_built(build, word):
    with pytest.raises(ValueError, match=word):
        build()


# Sampling


def chi_square_tail(counts, expected):
    """The probability of so large a chi-square statistic by chance (Wilson and Hilferty's approximation)."""
    statistic, freedom = float(((counts - expected) ** 2 / expected).sum()), len(counts) - 1
    z = ((statistic / freedom) ** (1 / 3) - (1 - 2 / (9 * freedom))) / math.sqrt(2 / (9 * freedom))
    return 0.5 * math.erfc(z / math.sqrt(2))


def test_sample_has_the_softmax_distribution():
    logits = torch.tensor([[1.0, 0.0, -1.0, 2.0, -math.inf]])
    draws = decoding.sample(logits.expand(40000, -1), seeded(0))
    counts = draws.bincount(minlength=5).double()
    assert counts[4] == 0
    assert chi_square_tail(counts[:4], 40000 * logits[0, :4].double().softmax(-1)) > 1e-4


def test_sample_uses_its_generator_alone():
    _, logits = random_case(0, rows=200)
    torch.manual_seed(1)
    state = torch.get_rng_state()
    assert torch.equal(decoding.sample(logits, seeded(4)), decoding.sample(logits, seeded(4)))
    assert torch.equal(state, torch.get_rng_state())


@pytest.mark.parametrize("bad", [-math.inf, math.nan])
def test_sample_refuses_rows_without_a_choice(bad):
    logits = torch.zeros(2, 3)
    logits[1] = bad
    with pytest.raises(ValueError, match=r"forbidden|NaN"):
        decoding.sample(logits, seeded(0))


# The loop


def test_greedy_equals_transformers_batched_and_alone(pair):
    theirs, ours = pair
    together = decoding.generate(ours, PROMPTS, 30)
    assert together == their_generate(theirs, PADDED, 30)
    assert together == [decoding.generate(ours, [prompt], 30)[0] for prompt in PROMPTS]
    assert len({tuple(row) for row in together}) == 3


@pytest.mark.parametrize("seed", range(3))
def test_sampling_equals_transformers_with_the_same_random_numbers(pair, seed):
    theirs, ours = pair
    processors = [Temperature(1.3), TopK(12), TopP(0.8)]
    torch.manual_seed(seed)
    want = their_generate(theirs, PADDED, 20, do_sample=True, temperature=1.3, top_k=12, top_p=0.8)
    got = decoding.generate(ours, PROMPTS, 20, choose=Sampler(seeded(seed)), processors=processors)
    assert got == want


@pytest.mark.parametrize(
    "processors", [[RepetitionPenalty(1.5)], [NoRepeatNGram(2)], [NoRepeatNGram(1), TopK(5)]]
)
def test_processed_batch_equals_one_by_one(pair, processors):
    _, ours = pair
    together = decoding.generate(ours, PROMPTS, 25, processors=processors)
    assert together == [decoding.generate(ours, [p], 25, processors=processors)[0] for p in PROMPTS]


def test_greedy_with_processors_equals_transformers(pair):
    theirs, ours = pair
    ids = torch.tensor([[5, 6, 7], [1, 5, 1]])
    want = their_generate(theirs, ids, 25, repetition_penalty=1.4, no_repeat_ngram_size=2)
    got = decoding.generate(ours, ids.tolist(), 25, processors=[RepetitionPenalty(1.4), NoRepeatNGram(2)])
    assert got == want


def test_cache_changes_nothing_and_computes_each_position_once(pair):
    _, ours = pair
    plain, cached = PlainStep(ours), CachedStep(ours)
    assert torch.equal(decoding.decode(plain, PADDED, 20), decoding.decode(cached, PADDED, 20))
    assert cached.positions == 3 * (5 + 19)
    assert plain.positions == 3 * sum(range(5, 25))


def test_stop_ids_end_rows_one_by_one(pair):
    _, ours = pair
    free = decoding.generate(ours, PROMPTS, 30)
    stop = [free[0][4:6], [free[1][9]]]
    got = decoding.generate(ours, PROMPTS, 30, stop=stop)
    for row, full in zip(got, free, strict=True):
        assert row == full[: len(row)]
        ends = [n for n in range(1, 31) if any(full[:n][-len(s) :] == s for s in stop if n >= len(s))]
        assert len(row) == (ends[0] if ends else 30)
    assert len(got[0]) <= 6


def test_eos_equals_transformers(pair):
    theirs, ours = pair
    eos = decoding.generate(ours, PROMPTS, 30)[2][5]
    want = their_generate(theirs, PADDED, 30, eos_token_id=eos)
    for row, theirs_row in zip(decoding.generate(ours, PROMPTS, 30, stop=[[eos]]), want, strict=True):
        assert row == theirs_row[: len(row)]
        assert set(theirs_row[len(row) :]) <= {1}


def test_no_step_after_all_rows_are_complete(pair):
    _, ours = pair
    step = CachedStep(ours)
    decoding.decode(step, PADDED, 30, stop=lambda new: torch.full((3,), new.shape[1] >= 4))
    assert step.calls == 4


class Letters:
    """A tokenizer of some letters and pairs of letters, by id."""

    pieces: ClassVar = ["a", "b", "ab", "ba", "aab", "é", "\n", "b\n"]
    vocab: ClassVar = dict(enumerate(piece.encode() for piece in pieces))

    def encode(self, text):
        return [next(i for i, piece in self.vocab.items() if piece == letter.encode()) for letter in text]

    def decode(self, ids):
        return b"".join(self.vocab[i] for i in ids).decode(errors="replace")


def test_stop_strings_cross_tokens():
    stop = Stop(["aba", "é\n"], Letters())
    rows = torch.tensor([[0, 1, 3, PAD], [1, 2, 0, 1], [0, 0, 5, 6], [2, 1, 1, 1]])
    assert stop(rows).tolist() == [False, True, True, False]
    assert Stop(["\n"], Letters())(torch.tensor([[0, 7]])).tolist() == [True]


def test_complete_cuts_before_the_stop_string():
    model = GPT(GPTConfig(8, 40, 1, 2, 8)).eval()
    torch.manual_seed(0)
    free = decoding.complete(model, Letters(), ["ab"], 20, choose=Sampler(seeded(1)))[0]
    stop = free[6:8]
    cut = decoding.complete(model, Letters(), ["ab"], 20, choose=Sampler(seeded(1)), stop=[stop])[0]
    assert cut == free[: free.index(stop)]


def test_stream_gives_what_generate_gives(pair):
    _, ours = pair
    seen = list(decoding.stream(ours, PROMPTS[0], 12, choose=Sampler(seeded(2))))
    assert seen == decoding.generate(ours, PROMPTS[:1], 12, choose=Sampler(seeded(2)))[0]
    stop = [seen[3:5]]
    stopped = list(decoding.stream(ours, PROMPTS[0], 12, choose=Sampler(seeded(2)), stop=stop))
    assert stopped == decoding.generate(ours, PROMPTS[:1], 12, choose=Sampler(seeded(2)), stop=stop)[0]
    assert len(stopped) < 12


def test_generation_switches_dropout_off_and_back_on():
    torch.manual_seed(0)
    model = GPT(GPTConfig(30, 40, 2, 2, 16, dropout=0.5)).train()
    assert decoding.generate(model, [[1, 2]], 20) == decoding.generate(model, [[1, 2]], 20)
    assert model.training


@pytest.mark.parametrize(
    ("prompts", "count", "word"),
    [
        ([], 3, "no prompts"),
        ([[1], []], 3, "prompt 1 is empty"),
        ([[1, 41]], 3, "0…40"),
        ([[1, -1]], 3, "0…40"),
        ([[1] * 60], 5, "context of 64"),
        ([[1] * 65], 0, "context of 64"),
        ([[1]], -1, "at least 0"),
    ],
)
@pytest.mark.parametrize("how", ["generate", "stream", "beams", "speculative"])
def test_bad_prompts(pair, prompts, count, word, how):
    _, ours = pair
    if how in ("stream", "speculative") and len(prompts) != 1:
        pytest.skip("takes one prompt")
    calls = {
        "generate": lambda: decoding.generate(ours, prompts, count),
        "stream": lambda: decoding.stream(ours, prompts[0], count),
        "beams": lambda: decoding.generate_beams(ours, prompts, 2, count),
        "speculative": lambda: decoding.generate_speculative(ours, ours, prompts[0], count, seeded(0)),
    }
    with pytest.raises(ValueError, match=word):
        calls[how]()


def test_the_context_may_be_filled_and_nothing_asked_for(pair):
    _, ours = pair
    assert len(decoding.generate(ours, [[1] * 60], 4)[0]) == 4
    assert decoding.generate(ours, PROMPTS, 0) == [[], [], []]
    assert list(decoding.stream(ours, [3], 0)) == []
    assert decoding.generate_speculative(ours, ours, [3], 0, seeded(0)) == []
    assert decoding.generate_beams(ours, PROMPTS, 2, 0) == [[], [], []]


def test_bad_stops_and_texts(pair):
    _, ours = pair
    for stop, word in [([[]], "empty"), ([""], "empty"), (["x"], "need a tokenizer")]:
        with pytest.raises(ValueError, match=word):
            decoding.generate(ours, [[1]], 3, stop=stop)
    with pytest.raises(TypeError, match="list"):
        decoding.generate(ours, [[1]], 3, stop="ab", tokenizer=Letters())
    with pytest.raises(TypeError, match="list"):
        decoding.complete(ours, Letters(), "ab", 3)
    with pytest.raises(ValueError, match="empty"):
        decoding.ends_with(torch.zeros(1, 3), [[]])


# The cached step as a pure function


def test_cached_step_is_right_whatever_the_rows_do(pair):
    """Rows are copied, dropped, shortened, lengthened and replaced at random: the logits never notice."""
    _, ours = pair
    generator, cached = seeded(0), CachedStep(ours)
    ids = torch.randint(0, 41, (3, 6), generator=generator)
    for _ in range(60):
        rows = torch.randint(
            0, len(ids), (int(torch.randint(1, 5, (1,), generator=generator)),), generator=generator
        )
        keep = int(torch.randint(max(1, ids.shape[1] - 4), ids.shape[1] + 1, (1,), generator=generator))
        grown = int(torch.randint(0, 5, (1,), generator=generator))
        ids = torch.cat([ids[rows, :keep], torch.randint(0, 41, (len(rows), grown), generator=generator)], 1)[
            :, :50
        ]
        count = int(torch.randint(1, min(4, ids.shape[1]) + 1, (1,), generator=generator))
        torch.testing.assert_close(
            cached.last(ids, count), PlainStep(ours).last(ids, count), atol=1e-5, rtol=1e-5
        )


def test_shared_prefix():
    seen = torch.tensor([[1, 2, 3], [1, 5, 6]])
    parents, length = shared_prefix(seen, torch.tensor([[1, 5, 6, 7], [1, 2, 3, 4], [1, 5, 6, 8]]))
    assert (parents.tolist(), length) == ([1, 0, 1], 3)
    assert shared_prefix(seen, torch.tensor([[1, 2, 9], [1, 5, 6]]))[1] == 2
    assert shared_prefix(seen, seen) == (None, 3)
    assert shared_prefix(seen[:, :0], seen) == (None, 0)


# Beam search


@pytest.mark.parametrize("early_stopping", [True, False, "never"])
@pytest.mark.parametrize("length_penalty", [-0.5, 0.0, 1.0, 2.0])
@pytest.mark.parametrize("beams", [2, 3, 5])
def test_beam_search_equals_transformers(beams, length_penalty, early_stopping):
    for seed, eos in itertools.product(range(3), (None, 3)):
        theirs = tiny_gpt2(seed=seed, vocab_size=23, scale=4 + seed)
        settings = {"length_penalty": length_penalty, "early_stopping": early_stopping}
        out = their_generate(
            theirs, PADDED, 12, num_beams=beams, num_return_sequences=beams, eos_token_id=eos,
            output_scores=True, return_dict_in_generate=True, **settings,
        )  # fmt: skip
        got = decoding.generate_beams(
            from_gpt2(theirs), PROMPTS, beams, 12, n_best=beams, eos=eos, **settings
        )
        got = [hypothesis for hypotheses in got for hypothesis in hypotheses]
        assert [h.ids for h in got] == [
            row[: len(h.ids)] for h, row in zip(got, out.sequences[:, 5:].tolist(), strict=True)
        ]
        assert [h.score for h in got] == pytest.approx(out.sequences_scores.tolist(), abs=1e-4)
        assert all(len(h.ids) == 12 or h.ids[-1] == eos for h in got)


@pytest.mark.parametrize("n_best", [1, 2, 4])
def test_n_best_and_processors_in_beams_equal_transformers(pair, n_best):
    theirs, ours = pair
    ids = torch.tensor([[5, 6, 7], [1, 5, 1]])
    want = their_generate(
        theirs,
        ids,
        15,
        num_beams=4,
        num_return_sequences=n_best,
        repetition_penalty=1.4,
        no_repeat_ngram_size=2,
    )
    processors = [RepetitionPenalty(1.4), NoRepeatNGram(2)]
    got = decoding.generate_beams(ours, ids.tolist(), 4, 15, n_best=n_best, processors=processors)
    assert [h.ids for row in got for h in row] == want


def test_one_beam_is_greedy_and_rows_do_not_touch(pair):
    _, ours = pair
    one = decoding.generate_beams(ours, PROMPTS, 1, 20)
    assert [row[0].ids for row in one] == decoding.generate(ours, PROMPTS, 20)
    alone = [decoding.generate_beams(ours, [p], 4, 20, n_best=4, eos=7)[0] for p in PROMPTS]
    for a, b in zip(alone, decoding.generate_beams(ours, PROMPTS, 4, 20, n_best=4, eos=7), strict=True):
        assert [h.ids for h in a] == [h.ids for h in b]


def markov(vocabulary, seed, dtype=torch.float64):
    """A random model whose logits depend on the last two tokens, as `step` and as `last`; and its logits."""
    table = torch.randn(vocabulary + 1, vocabulary + 1, vocabulary, generator=seeded(seed), dtype=dtype) * 1.5

    def last(ids, count):
        before = torch.nn.functional.pad(ids, (1, 0), value=PAD)[:, :-1]
        return table[before, ids][:, -count:]

    return (lambda ids: last(ids, 1)[:, -1]), last


def test_wide_beams_find_the_best_of_all_sequences():
    """As many beams as there are sequences: beam search is exhaustive search."""
    vocabulary, length, prompt = 3, 4, torch.tensor([[0]])
    step, _ = markov(vocabulary, 1)
    totals = {(): 0.0}
    for _ in range(length):
        ids = {s: torch.tensor([[0, *s]]) for s in totals}
        totals = {
            (*s, t): total + float(step(ids[s]).log_softmax(-1)[0, t])
            for s, total in totals.items() for t in range(vocabulary)
        }  # fmt: skip
    found = decoding.beam_search(step, prompt, 100, length)[0]
    want = sorted(totals, key=lambda s: -totals[s])
    assert [tuple(ids) for _, ids in found] == want
    assert [score for score, _ in found] == pytest.approx([totals[s] / length for s in want])


def test_forbidden_extensions_never_finish():
    step, _ = markov(4, 1)

    def only_one(ids, scores):
        return torch.where(torch.arange(4) == 1, scores, -math.inf)

    found = decoding.beam_search(step, torch.tensor([[0]]), 3, 2, processors=[only_one])[0]
    assert [ids for _, ids in found] == [[1, 1]]


def test_beam_search_refuses(pair):
    _, ours = pair
    for settings in ({"beams": 0}, {"beams": 2, "early_stopping": "always"}, {"beams": 2, "n_best": 3}):
        with pytest.raises(ValueError, match=r"beams|early_stopping"):
            decoding.generate_beams(ours, [[1]], max_new_tokens=3, **settings)


# Speculative decoding


class Branches:
    """Replaces torch's two random draws and follows every way they can fall, with its probability."""

    def __init__(self):
        self.path, self.fixed, self.weight = [], [], 1.0

    def choose(self, probabilities):
        """The next branch of this run, by index."""
        options = [i for i, p in enumerate(probabilities) if p > 0]
        if len(self.path) == len(self.fixed):
            self.fixed.append(0)
        at = self.fixed[len(self.path)]
        self.path.append(len(options))
        self.weight *= probabilities[options[at]]
        return options[at]

    def multinomial(self, weights, count, *, generator):
        assert count == 1
        assert generator is not None
        rows = weights if weights.ndim == 2 else weights[None]
        chosen = [self.choose((row / row.sum()).tolist()) for row in rows]
        return torch.tensor(chosen)[:, None] if weights.ndim == 2 else torch.tensor(chosen)

    def bernoulli(self, probability, *, generator):
        assert generator is not None
        return torch.tensor(float(self.choose([1 - float(probability), float(probability)])))

    def runs(self, function):
        """(result, probability) of every possible run of `function`."""
        while True:
            self.path, self.weight = [], 1.0
            yield function(), self.weight
            while self.fixed and self.fixed[-1] == self.path[len(self.fixed) - 1] - 1:
                self.fixed.pop()
            if not self.fixed:
                return
            self.fixed[-1] += 1


def exact_distribution(step, prompt, length, vocabulary, probabilities):
    """The target's own distribution over all continuations."""
    result = {(): 1.0}
    for _ in range(length):
        longer = {}
        for text, weight in result.items():
            ids = torch.tensor([[*prompt, *text]])
            for token, p in enumerate(probabilities(ids, step(ids))[0].tolist()):
                longer[(*text, token)] = weight * p
        result = longer
    return result


@pytest.mark.parametrize("lookahead", [1, 2, 3])
@pytest.mark.parametrize(
    "probabilities",
    [Softmax(), Softmax((Temperature(0.5), TopK(2))), Softmax((RepetitionPenalty(3.0),)), OneHot()],
    ids=["plain", "temperature-top-k", "repetition", "greedy"],
)  # fmt: skip
def test_speculation_has_the_targets_distribution_exactly(monkeypatch, lookahead, probabilities):
    """Every run of the random numbers, weighted: each text's probability equals the target's to 1e-12."""
    vocabulary, length, prompt = 3, 3, [0, 1]
    (step, last), (draft, _) = markov(vocabulary, 1), markov(vocabulary, 2)
    branches, got = Branches(), {}
    monkeypatch.setattr(torch, "multinomial", branches.multinomial)
    monkeypatch.setattr(torch, "bernoulli", branches.bernoulli)

    def run():
        ids = torch.tensor([prompt])
        done = decoding.speculative_decode(last, draft, ids, length, seeded(0), lookahead, probabilities)
        return tuple(done[0, 2:].tolist())

    for text, weight in branches.runs(run):
        got[text] = got.get(text, 0.0) + weight
    want = exact_distribution(step, prompt, length, vocabulary, probabilities)
    assert sum(got.values()) == pytest.approx(1, abs=1e-12)
    for text, probability in want.items():
        assert got.get(text, 0.0) == pytest.approx(probability, abs=1e-12)


def test_speculation_has_the_targets_distribution_in_draws():
    """The same with real random numbers: chi-square over 20,000 texts."""
    vocabulary, prompt, count = 3, [2], 20000
    (step, last), (draft, _) = markov(vocabulary, 3), markov(vocabulary, 4)
    generator, counts = seeded(0), {}
    for _ in range(count):
        done = decoding.speculative_decode(last, draft, torch.tensor([prompt]), 2, generator, 2)
        text = tuple(done[0, 1:].tolist())
        counts[text] = counts.get(text, 0) + 1
    want = exact_distribution(step, prompt, 2, vocabulary, Softmax())
    observed = torch.tensor([counts.get(text, 0) for text in want], dtype=torch.float64)
    assert chi_square_tail(observed, count * torch.tensor(list(want.values()), dtype=torch.float64)) > 1e-4


@pytest.mark.parametrize("lookahead", [1, 3, 7])
def test_greedy_speculation_equals_transformers_assisted_generation(pair, lookahead):
    theirs, ours = pair
    assistant = tiny_gpt2(seed=3, vocab_size=41, layers=1)
    close = tiny_gpt2(seed=3, vocab_size=41)
    for helper in (assistant, close):
        helper.generation_config.num_assistant_tokens = lookahead
        helper.generation_config.num_assistant_tokens_schedule = "constant"
        for prompt in PROMPTS:
            want = their_generate(theirs, torch.tensor([prompt]), 30, assistant_model=helper)[0]
            got = decoding.generate_speculative(
                ours, from_gpt2(helper), prompt, 30, seeded(0), lookahead=lookahead, probabilities=OneHot()
            )
            assert got == want == decoding.generate(ours, [prompt], 30)[0]


def test_a_perfect_draft_saves_calls(pair):
    _, ours = pair
    target, draft = CachedStep(ours), CachedStep(ours)
    decoding.speculative_decode(target.last, draft, torch.tensor([[5]]), 30, seeded(0), lookahead=4)
    assert target.calls == 6
    assert target.positions <= 30 + 6


def test_speculation_stops_where_decode_stops(pair):
    _, ours = pair
    free = decoding.generate(ours, [[9]], 30)[0]
    ended = Stop([free[10:12]])
    want = decoding.generate(ours, [[9]], 30, stop=[free[10:12]])[0]
    got = decoding.generate_speculative(ours, ours, [9], 30, seeded(0), probabilities=OneHot(), stop=ended)
    assert got == want


def test_speculative_step_takes_and_refuses():
    """p = q accepts everything; disjoint p and q refuse the first token and draw from p."""
    q = torch.tensor([[0.5, 0.5, 0.0], [0.2, 0.8, 0.0]])
    p = torch.cat([q, torch.tensor([[0.0, 0.0, 1.0]])])
    assert decoding.speculative_step(torch.tensor([0, 1]), q, p, seeded(0)).tolist() == [0, 1, 2]
    p = torch.tensor([[0.0, 0.0, 1.0]] * 3)
    assert decoding.speculative_step(torch.tensor([0, 1]), q, p, seeded(0)).tolist() == [2]
    assert decoding.speculative_step(torch.tensor([]).long(), q[:0], p[:1], seeded(0)).tolist() == [2]


def test_speculation_refuses(pair):
    _, ours = pair
    with pytest.raises(ValueError, match="draft probability 0"):
        decoding.speculative_step(
            torch.tensor([2]), torch.tensor([[0.5, 0.5, 0.0]]), torch.ones(2, 3) / 3, seeded(0)
        )
    with pytest.raises(ValueError, match="lookahead"):
        decoding.generate_speculative(ours, ours, [1], 3, seeded(0), lookahead=0)
    with pytest.raises(ValueError, match="one prompt"):
        decoding.speculative_decode(None, None, torch.zeros(2, 3), 3, seeded(0))
    with pytest.raises(ValueError, match="draft has 40"):
        decoding.generate_speculative(ours, GPT(GPTConfig(40, 64, 1, 1, 8)), [1], 3, seeded(0))
