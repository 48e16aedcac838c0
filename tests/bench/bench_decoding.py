"""Generation against transformers' `generate`: the same random weights, the same machine, one run, same ids.

    python tests/bench/bench_decoding.py

Prints tokens per second of both and the ratio (above 1: ours is faster). Each pair is timed in turns and the
best of its runs counts. Time is the process's own (one thread), so that a busy machine hurts neither.
"""

import sys
import time
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).parents[2]))

from eras.llm.decoding import OneHot, generate, generate_beams, generate_speculative
from tests.pretraining.oracle import from_gpt2, tiny_gpt2

RUNS = 5


def best_times(*functions):
    """The shortest time of each function over RUNS rounds, and what each returned."""
    times, results = [float("inf")] * len(functions), [None] * len(functions)
    for _ in range(RUNS):
        for i, function in enumerate(functions):
            start = time.process_time()
            results[i] = function()
            times[i] = min(times[i], time.process_time() - start)
    return times, results


def their_ids(model, prompts, count, **settings):
    """New ids from transformers for prompts of one length."""
    ids = torch.tensor(prompts)
    mask = torch.ones_like(ids)
    settings = {"do_sample": False, "max_new_tokens": count, "pad_token_id": 0} | settings
    return model.generate(ids, attention_mask=mask, **settings)[:, ids.shape[1] :].tolist()


def cases(theirs, ours, draft_theirs, draft_ours):
    """(name, new tokens, our function, their function)."""
    generator = torch.Generator().manual_seed(0)
    one = torch.randint(0, 1000, (1, 32), generator=generator).tolist()
    eight = torch.randint(0, 1000, (8, 32), generator=generator).tolist()
    yield "greedy, 1 prompt", 96, lambda: generate(ours, one, 96), lambda: their_ids(theirs, one, 96)
    yield "greedy, 8 prompts", 8 * 96, lambda: generate(ours, eight, 96), lambda: their_ids(theirs, eight, 96)
    yield (
        "4 beams, 1 prompt",
        48,
        lambda: [row[0].ids for row in generate_beams(ours, one, 4, 48)],
        lambda: their_ids(theirs, one, 48, num_beams=4),
    )
    yield (
        "4 beams, 8 prompts",
        8 * 48,
        lambda: [row[0].ids for row in generate_beams(ours, eight, 4, 48)],
        lambda: their_ids(theirs, eight, 48, num_beams=4),
    )
    speculate = {"lookahead": 4, "probabilities": OneHot()}
    yield (
        "assisted, 1 prompt",
        48,
        lambda: [generate_speculative(ours, draft_ours, one[0], 48, generator, **speculate)],
        lambda: their_ids(theirs, one, 48, assistant_model=draft_theirs),
    )


def main():
    import transformers

    transformers.utils.logging.set_verbosity_error()
    torch.set_num_threads(1)
    sizes = {"vocab_size": 4096, "context": 256, "width": 256, "heads": 4, "scale": 1.0}
    theirs, draft = tiny_gpt2(layers=6, **sizes), tiny_gpt2(layers=2, **sizes)
    draft.generation_config.num_assistant_tokens = 4
    draft.generation_config.num_assistant_tokens_schedule = "constant"
    draft.generation_config.assistant_confidence_threshold = 0.0  # always four drafts, as ours
    print(f"{'':20} {'ours':>10} {'transformers':>14} {'ratio':>7}   (tokens per second)")
    for name, tokens, our_run, their_run in cases(theirs, from_gpt2(theirs), draft, from_gpt2(draft)):
        (our_time, their_time), (ours, others) = best_times(our_run, their_run)
        same = "same ids" if ours == others else "DIFFERENT ids"
        rates = f"{tokens / our_time:10.0f} {tokens / their_time:14.0f} {their_time / our_time:7.2f}"
        print(f"{name:20} {rates}   {same}", flush=True)


if __name__ == "__main__":
    main()
