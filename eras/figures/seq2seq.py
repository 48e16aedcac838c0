"""The course translator for the published page: weights of a byte each, and the figure that translates with them.

A packed translator is a safetensors file, compressed with gzip: matrices as int8 with a float32 step for each
row, vectors as they are; its metadata holds the sizes and the units of both languages. `static/translator.js`
reads it.
"""

import gzip
import json
from collections.abc import Sequence
from dataclasses import asdict
from html import escape

import torch
from safetensors.torch import load, save

from eras.deep_learning.encoder_decoder import Config, EncoderDecoder
from eras.deep_learning.seq2seq import END, START
from eras.deep_learning.translator import Translator, Units
from eras.figures.figure import Figure
from eras.figures.page_gpt import quantise
from eras.figures.style import ERA_COLOURS, table

PACKED = "course_translator.bin"
CELL = 26  # of the map, in pixels


def pack(translator: Translator) -> bytes:
    """A translator with additive attention, as the page loads it. Raises ValueError for another attention."""
    config = translator.model.config
    if config.attention != "additive":
        raise ValueError(f"the page computes additive attention, not {config.attention!r}")
    tensors = {}
    for name, tensor in translator.model.state_dict().items():
        if tensor.dim() == 2:
            tensors[name], tensors[f"{name}.step"] = quantise(tensor.float())
        else:
            tensors[name] = tensor.float()
    about = {
        "config": asdict(config),
        "source": translator.source.names,
        "target": translator.target.names,
    }
    return gzip.compress(
        save(tensors, {name: json.dumps(value) for name, value in about.items()}), 9, mtime=0
    )


def unpack(packed: bytes) -> Translator:
    """What the page computes with, whole numbers times steps. Raises ValueError for other bytes."""
    try:
        raw = gzip.decompress(packed)
        header = json.loads(raw[8 : 8 + int.from_bytes(raw[:8], "little")])
        about = {name: json.loads(text) for name, text in header["__metadata__"].items()}
        tensors, model = load(raw), EncoderDecoder(Config(**about["config"]))
        whole = {name: tensors[name] for name in model.state_dict()}
        model.load_state_dict(
            {n: w * tensors[f"{n}.step"][:, None] if w.dtype == torch.int8 else w for n, w in whole.items()}
        )
        return Translator(model.eval(), Units(about["source"]), Units(about["target"]))
    except (OSError, EOFError, KeyError, ValueError, TypeError) as error:
        raise ValueError(f"not a packed translator: {error}") from None


def seq2seq(translator: Translator, sentences: Sequence[str], width: int = 5) -> Figure:
    """The translator to load, to translate with and to look at; `sentences` are Chinese ones to choose from.

    Raises ValueError for no sentence.
    """
    if not sentences:
        raise ValueError("give at least one sentence to begin with")
    packed = pack(translator)
    pieces, units, weights = looked(unpack(packed), sentences[0], width)
    rows = [
        (unit.strip() or "space", ", ".join(f"{piece} {100 * w:.0f} %" for w, piece in _most(row, pieces)))
        for unit, row in zip(units, weights, strict=True)
    ]
    state = {"presets": list(sentences), "text": sentences[0], "width": width, "focus": 0}
    return Figure(
        module="seq2seq",
        title="The course translator, running in this page: nothing you type leaves your computer.",
        state=state | {"loaded": False, "said": "", "size": f"{len(packed) / 1e6:.1f} MB"},
        picture=_picture(pieces, units, weights),
        description=f"Where the translator looked while it wrote “{''.join(units)}” for “{sentences[0]}”.",
        data=table(rows, ("it wrote", "and looked at")),
        height=34,
        files={PACKED: packed},
    )


def looked(translator: Translator, text: str, width: int) -> tuple[list[str], list[str], list[list[float]]]:
    """The source's pieces (the end as "end"), the units of the translation, and the weights of each, (T, S)."""
    tokens = [token for token in translator.hypotheses(text, width)[0][0] if token != END]
    with torch.no_grad():
        weights = translator.model.attention(translator.read([text]), torch.tensor([[START, *tokens]]))
    units = [translator.target.decode([token]) for token in tokens]
    return [*translator.source.pieces(text), "end"], units, weights[0, : len(tokens)].tolist()


def _most(row: list[float], pieces: list[str]) -> list[tuple[float, str]]:
    return sorted(zip(row, pieces, strict=True), reverse=True)[:3]


def _picture(pieces: list[str], units: list[str], weights: list[list[float]]) -> str:
    """An SVG of the weights: a row for each unit that was written, the darker the more it looked there."""
    left, top, colour, marks = 110, 40, ERA_COLOURS["deep_learning"], []
    for j, piece in enumerate(pieces):
        x = left + CELL * (j + 0.5)
        marks.append(f'<text x="{x:g}" y="{top - 8}" text-anchor="middle">{escape(piece)}</text>')
    for i, (unit, row) in enumerate(zip(units, weights, strict=True)):
        y = top + CELL * i
        marks.append(f'<text x="{left - 8}" y="{y + 18}" text-anchor="end">{escape(unit)}</text>')
        for j, weight in enumerate(row):
            place = f'x="{left + CELL * j}" y="{y}" width="{CELL - 1}" height="{CELL - 1}"'
            marks.append(f'<rect {place} fill="{colour}" fill-opacity="{weight:.2f}" stroke="#cccccc"/>')
    wide, high = left + CELL * len(pieces) + 10, top + CELL * len(units) + 10
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" width="{wide}" '
        f'font-family="system-ui, sans-serif" font-size="13" fill="#333333">{"".join(marks)}</svg>'
    )
