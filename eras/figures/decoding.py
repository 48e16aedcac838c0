"""A next-token distribution that answers back: penalties, temperature, cuts, and draws from what they leave."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise

import matplotlib.pyplot as plt

from eras.figures.figure import Figure
from eras.figures.style import ERA_COLOURS, table

NAMED = 200  # tokens whose text the page holds, best first; of the others it knows the logits alone
OFF = {"repetition": 1, "frequency": 0, "temperature": 1, "order": "first", "k": 0, "p": 1, "m": 0, "t": 1}


def decoding_playground(
    places: Sequence[tuple[str, Sequence[int], Sequence[float]]], vocabulary: Mapping[int, bytes]
) -> Figure:
    """Every control of decoding over the whole distribution at some places in a text.

    A place is (title, ids before it, logits (V,) of the next token); logits are kept to a thousandth. The order
    is fixed: penalties, temperature (or last), top-k, top-p, min-p, typical. Raises ValueError for no place, no
    ids, logits that are not finite, or another number of logits than the vocabulary has tokens.
    """
    if not places:
        raise ValueError("give at least one place: (title, ids, logits)")
    for title, ids, logits in places:
        _check(title, ids, logits, len(vocabulary))
    stored = [_place(*place, vocabulary) for place in places]
    return Figure(
        module="decoding",
        title="The next token's distribution and what decoding makes of it: dashed before, filled after.",
        state={"places": stored, "place": 0, **OFF, "seed": 1, "drawn": 0},
        picture=_picture(stored),
        description="The twelve most probable next tokens at each place: at some places one token has nearly "
        "all of the probability, at others it is spread over many.",
        data=table(_rows(stored), header=("after", "token", "probability")),
        height=71,
    )


def _check(title: str, ids: Sequence[int], logits: Sequence[float], size: int) -> None:
    if not len(ids):
        raise ValueError(f"no ids before {title!r}: a place needs at least one token before it")
    if len(logits) != size:
        raise ValueError(f"{len(logits)} logits at {title!r}, but the vocabulary has {size} tokens")
    if not all(map(math.isfinite, logits)):
        raise ValueError(f"logits at {title!r} are not all finite")


def _place(title: str, ids: Sequence[int], logits: Sequence[float], vocabulary: Mapping[int, bytes]) -> dict:
    """What the page holds of a place: thousandths, best first, as drops from one to the next."""
    thousandths = [round(1000 * float(z)) for z in logits]
    ranked = sorted(range(len(thousandths)), key=lambda token: -thousandths[token])
    scores, rank = [thousandths[token] for token in ranked], {token: i for i, token in enumerate(ranked)}
    said = Counter(map(int, ids))
    named = {*ranked[:NAMED], *said}
    return {
        "title": title,
        "before": [spell(vocabulary[int(token)]) for token in ids],
        "top": scores[0],
        "drops": [a - b for a, b in pairwise(scores)],
        "said": sorted([rank[token], count] for token, count in said.items()),
        "names": {str(rank[token]): spell(vocabulary[token]) for token in sorted(named, key=rank.get)},
    }


def spell(raw: bytes) -> str:
    """A token as one can show it: line ends visible, a piece of a character as its bytes."""
    try:
        return raw.decode().replace("\n", "⏎")
    except UnicodeDecodeError:
        return "".join(f"⟨{byte:02x}⟩" for byte in raw)


def _best(place: dict, count: int = 12) -> list[tuple[str, float]]:
    """The most probable tokens of a stored place with their probabilities."""
    scores = [place["top"]]
    for drop in place["drops"]:
        scores.append(scores[-1] - drop)
    weights = [math.exp((score - place["top"]) / 1000) for score in scores]
    return [(place["names"][str(i)], weights[i] / sum(weights)) for i in range(min(count, len(scores)))]


def _rows(places: list[dict]) -> list[tuple]:
    return [(place["title"], name, f"{share:.3f}") for place in places for name, share in _best(place)]


def _picture(places: list[dict]):
    """The head of each distribution, for readers without JavaScript."""
    figure, axes = plt.subplots(1, len(places), figsize=(1.7 * len(places), 2), sharey=True, squeeze=False)
    for i, (axis, place) in enumerate(zip(axes[0], places, strict=True), start=1):
        shares = [share for _, share in _best(place)]
        axis.bar(range(1, len(shares) + 1), shares, color=ERA_COLOURS["llm"])
        axis.set(title=f"place {i}", xlabel="rank", yscale="log")
    axes[0, 0].set_ylabel("probability")
    plt.close(figure)
    return figure
