"""The scores of all heads of a model over a sentence, to mask, to heat and to look at, head by head."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np

from eras.figures.figure import Figure
from eras.figures.style import table

LONGEST = 24  # tokens of a sentence
STEP = 1 / 64  # scores are kept as whole numbers of this size


def attention(
    sentences: dict[str, tuple[Sequence[str], np.ndarray]], layer: int = 0, head: int = 0, focus: int = -1
) -> Figure:
    """Choose a head and a token; the weights are the softmax of stored scores, masked and at any temperature.

    `sentences`: by name, the tokens (T,) and the scores before mask and softmax (layers, heads, T, T), queries
    in rows. `focus` is the query shown first. Raises ValueError for no sentence, one of more than 24 tokens,
    scores of another shape or not finite, and for a layer, head or focus that does not exist.
    """
    kept = [_sentence(name, tokens, np.asarray(scores)) for name, (tokens, scores) in sentences.items()]
    if not kept or len({(len(s["scores"]), len(s["scores"][0])) for s in kept}) > 1:
        raise ValueError("give at least one sentence, and as many layers and heads for each")
    layers, heads, T = len(kept[0]["scores"]), len(kept[0]["scores"][0]), len(kept[0]["tokens"])
    if not (0 <= layer < layers and 0 <= head < heads and -T <= focus < T):
        raise ValueError(f"there is no layer {layer}, head {head}, token {focus}")
    return Figure(
        module="attention",
        title="Where each head looks. Choose a head, then a token; the fuller the colour, the more weight.",
        state={"sentences": kept, "sentence": 0, "layer": layer, "head": head, "focus": focus % T}
        | {"causal": True, "temperature": 1.0, "step": STEP},
        picture=_picture(kept[0]),
        description=f"{layers * heads} small maps, one for each head: lower triangles, queries in rows, darker "
        "where a token looks more.",
        data=_data(kept[0]["tokens"], softmax(kept[0]["scores"][layer][head]), f"layer {layer}, head {head}"),
        height=51,
    )


def softmax(scores: Sequence[int], causal: bool = True, temperature: float = 1.0) -> np.ndarray:
    """Weights of one head from its stored scores, T · T whole numbers.  -> (T, T), rows sum to 1"""
    T = round(len(scores) ** 0.5)
    scaled = np.array(scores, float).reshape(T, T) * STEP / temperature
    if causal:
        scaled[~np.tri(T, dtype=bool)] = -np.inf
    powers = np.exp(scaled - scaled.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


def _sentence(name: str, tokens: Sequence[str], scores: np.ndarray) -> dict:
    """A sentence as plain data, its scores as whole steps, a flat list for each head."""
    T = len(tokens)
    if not 1 <= T <= LONGEST:
        raise ValueError(f"{name!r} has {T} tokens: give 1 to {LONGEST}")
    if scores.ndim != 4 or scores.shape[2:] != (T, T) or not np.isfinite(scores).all():
        raise ValueError(f"{name!r} needs finite scores (layers, heads, {T}, {T}), not {scores.shape}")
    whole = np.rint(scores / STEP).astype(int)
    return {
        "name": name,
        "tokens": list(tokens),
        "scores": [[h.ravel().tolist() for h in ls] for ls in whole],
    }


def _data(tokens: Sequence[str], weights: np.ndarray, title: str) -> table:
    """For each token the three it looks at most, and the entropy of its weights."""
    rows = []
    for token, row in zip(tokens, weights, strict=True):
        most = sorted(range(len(tokens)), key=lambda i: -row[i])[:3]
        bits = -sum(w * np.log2(w) for w in row if w > 0)
        said = ", ".join(f"{tokens[i]!r} {100 * row[i]:.0f} %" for i in most if row[i] >= 0.005)
        rows.append((repr(token), said, f"{abs(bits):.2f}"))
    return table(rows, ("token", "looks at", "entropy in bits"), f"Where {title} looks")


def _picture(sentence: dict):
    """The maps of all heads in one image, a row of them for each layer."""
    tiles = np.array([[np.pad(softmax(head), 1) for head in heads] for heads in sentence["scores"]])
    layers, heads, side = tiles.shape[:3]
    figure, axes = plt.subplots(figsize=(1.3 * heads, 1.3 * layers))
    image = tiles.swapaxes(1, 2).reshape(layers * side, heads * side) ** 0.5
    axes.imshow(image, cmap="Greys", vmin=0, vmax=1, interpolation="none")
    middles = (np.arange(max(layers, heads)) + 0.5) * side - 0.5
    axes.set_xticks(middles[:heads], [f"head {head}" for head in range(heads)])
    axes.set_yticks(middles[:layers], [f"layer {layer}" for layer in range(layers)])
    axes.grid(False)
    plt.close(figure)
    return figure
