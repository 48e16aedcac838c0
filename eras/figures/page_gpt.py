"""The course GPT for the published page: weights of a byte each, and the figure that writes with them.

A packed model is a safetensors file, compressed with gzip: matrices as int8 with a float32 step for each row,
vectors as they are. Its metadata holds the sizes, the vocabulary and some prompts, its tensor `logits` what
PyTorch makes of those prompts, so that the page can compare. `static/gpt.js` reads it.
"""

import gzip
import json
import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from html import escape

import torch
from safetensors.torch import load, save
from torch import Tensor

from eras.figures.bpe import vocabulary_file
from eras.figures.figure import Figure
from eras.figures.style import ERA_COLOURS, table
from eras.pretraining.gpt import END_OF_TEXT, GPT, GPTConfig
from eras.pretraining.tokenizer import Tokenizer

STEPS = 8  # how many steps the root mean square of a row is wide: about five bits a weight
LARGEST = 127  # what a signed byte holds
PACKED = "course_gpt.bin"
# The controls as they stand at first; `focus` -1 is the token to come.
START = {
    "temperature": 0.8, "k": 0, "p": 1.0, "seed": 1, "pace": "fast", "layer": 1, "head": 0, "looks": True,
    "focus": -1, "written": [], "loaded": False, "running": False, "difference": None,
}  # fmt: skip


def quantise(weight: Tensor) -> tuple[Tensor, Tensor]:
    """Whole numbers and a step for each row, so that their product is near the weight.

    (R, C) -> int8 (R, C), float32 (R,). The step is one that half precision can hold: it packs better.
    """
    step = torch.maximum(weight.square().mean(1).sqrt() / STEPS, weight.abs().amax(1) / LARGEST)
    step = step.clamp(min=1e-6).half().float()
    return (weight / step[:, None]).round().clamp(-LARGEST, LARGEST).to(torch.int8), step


def pack(model: GPT, tokenizer: Tokenizer, prompts: Sequence[str] = ()) -> bytes:
    """The model, its tokenizer and PyTorch's logits after each prompt, as the page loads them.

    Raises ValueError for a width that is not a multiple of 8 and for prompts that do not fit the context.
    """
    if model.config.width % 8:
        raise ValueError(f"the page computes eight columns at a time; width {model.config.width} has a rest")
    tensors = {}
    for name, tensor in model.state_dict().items():
        if tensor.dim() == 2:
            tensors[name], tensors[f"{name}.step"] = quantise(tensor.float())
        else:
            tensors[name] = tensor.float()
    ids = [prompt_ids(tokenizer, prompt) for prompt in prompts]
    restored = _restore(model.config, tensors)
    if prompts:
        with torch.no_grad():
            tensors["logits"] = torch.stack([restored(torch.tensor([row]))[0, -1] for row in ids])
    about = {
        "config": asdict(model.config),
        "vocabulary": gzip.decompress(vocabulary_file(tokenizer)).decode(),
        "prompts": ids,
    }
    return _compress(save(tensors, {name: json.dumps(value) for name, value in about.items()}))


def unpack(packed: bytes) -> GPT:
    """The GPT that the page computes with: whole numbers times steps. Raises ValueError for other bytes."""
    try:
        raw = gzip.decompress(packed)
        header = json.loads(raw[8 : 8 + int.from_bytes(raw[:8], "little")])
        config = json.loads(header["__metadata__"]["config"])
        return _restore(GPTConfig(**config), load(raw))
    except (OSError, EOFError, KeyError, ValueError, TypeError) as error:
        raise ValueError(f"not a packed GPT: {error}") from None


def prompt_ids(tokenizer: Tokenizer, prompt: str) -> list[int]:
    """Ids of a prompt as the page begins it: after the end of another text, as documents do in training."""
    return [tokenizer.special_tokens[END_OF_TEXT], *tokenizer.encode(prompt)]


def _restore(config: GPTConfig, tensors: dict[str, Tensor]) -> GPT:
    model = GPT(config).eval()
    names = model.state_dict().keys()
    whole = {name: tensors[name] for name in names}
    model.load_state_dict(
        {n: w * tensors[f"{n}.step"][:, None] if w.dtype == torch.int8 else w for n, w in whole.items()}
    )
    return model


def _compress(raw: bytes) -> bytes:
    """gzip that spends its effort on how often each byte occurs: weights hardly ever repeat."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31, 9, zlib.Z_FILTERED)
    return packer.compress(raw) + packer.flush()


# What stands on the page without JavaScript: the continuation that the figure writes first.


@dataclass(frozen=True)
class Written:
    """A token the model wrote, the probability it had, and the most probable tokens there, best first."""

    token: int
    share: float
    best: tuple[tuple[int, float], ...]


def chances(seed: int) -> Iterator[float]:
    """The numbers in [0, 1) that the page draws with for this seed (`random` in static/kit.js: mulberry32)."""
    state = seed
    while True:
        state = (state + 0x6D2B79F5) % 2**32
        mixed = (state ^ state >> 15) * (state | 1) % 2**32
        mixed ^= (mixed + (mixed ^ mixed >> 7) * (mixed | 61)) % 2**32
        yield (mixed ^ mixed >> 14) / 2**32


@torch.no_grad()
def write(model: GPT, ids: Sequence[int], count: int, temperature: float, seed: int) -> list[Written]:
    """What the page's model writes after these ids: one draw a token, in the order of the ids."""
    caches, new, steps = model.new_caches(), torch.tensor([list(ids)]), []
    for chance, _ in zip(chances(seed), range(count), strict=False):
        shares = (model(new, caches=caches)[0, -1].double() / temperature).softmax(-1)
        token = min(int((shares.cumsum(0) <= chance).sum()), len(shares) - 1)
        best = shares.topk(min(3, len(shares)))
        pairs = zip(best.indices.tolist(), best.values.tolist(), strict=True)
        steps.append(Written(token, float(shares[token]), tuple(pairs)))
        new = torch.tensor([[token]])
    return steps


def page_gpt(model: GPT, tokenizer: Tokenizer, prompts: dict[str, str], count: int = 60) -> Figure:
    """The model to load and to write with; `prompts` are beginnings to choose from, by what they are called.

    Raises ValueError for no prompt, and for prompts and `count` that exceed the context.
    """
    if not prompts:
        raise ValueError("give at least one prompt: {what it is called: its text}")
    packed, start = pack(model, tokenizer, list(prompts.values())), next(iter(prompts.values()))
    steps = write(unpack(packed), prompt_ids(tokenizer, start), count, START["temperature"], START["seed"])
    spelled = [tokenizer.decode([step.token]) for step in steps]
    state = {"presets": [[text, name] for name, text in prompts.items()], "prompt": start, "count": count}
    return Figure(
        module="page_gpt",
        title="The course GPT, running in this page: nothing you type leaves your computer.",
        state=START | state | {"size": f"{len(packed) / 1e6:.1f} MB", "context": model.config.context}
        | {"layers": model.config.layers, "heads": model.config.heads},
        picture=_picture(start, spelled, [step.share for step in steps]),
        description=f"What the model wrote after “{start}”: {''.join(spelled)}",
        data=_steps_table(tokenizer, steps),
        height=32,
        files={PACKED: packed},
    )  # fmt: skip


def _steps_table(tokenizer: Tokenizer, steps: list[Written]) -> table:
    """Each written token, its probability, and what else was probable."""

    def said(pair: tuple[int, float]) -> str:
        return f"{tokenizer.decode([pair[0]])!r} {100 * pair[1]:.0f} %"

    rows = [(n, said((s.token, s.share)), ", ".join(map(said, s.best))) for n, s in enumerate(steps, 1)]
    return table(rows, ("step", "written, at temperature 0.8", "the three most probable tokens"))


def _picture(start: str, spelled: list[str], shares: list[float]) -> str:
    """An SVG of the text; the line under a written token is as thick as the token was probable."""
    marks, colour, y = [], ERA_COLOURS["pretraining"], 0
    for part, share, x, y in _laid_out([(start, None), *zip(spelled, shares, strict=True)]):
        left, width, base = 20 + 8.5 * x, 8.5 * len(part), 30 + 30 * y
        marks.append(
            f'<text x="{left:g}" y="{base}" textLength="{width:g}" xml:space="preserve" '
            f'fill="{"#333333" if share is None else colour}">{escape(part)}</text>'
        )
        if share is not None:
            size = f'width="{width - 1:g}" height="{8 * share:.1f}"'
            marks.append(f'<rect x="{left:g}" y="{base + 4}" {size} fill="{colour}"/>')
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 660 {60 + 30 * y}" width="660" '
        f'font-family="ui-monospace, monospace" font-size="14">{"".join(marks)}</svg>'
    )


def _laid_out(words: list[tuple[str, float | None]], columns: int = 72) -> Iterator[tuple]:
    """Each line of each word with its share, and the column and row it begins at."""
    x, y = 0, 0
    for word, share in words:
        for part in re.findall(r"\n|[^\n]{1,40}", word):
            if part == "\n" or x + len(part) > columns:
                x, y = 0, y + 1
            if part != "\n":
                yield part, share, x, y
                x += len(part)
