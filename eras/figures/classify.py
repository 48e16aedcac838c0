"""A sentence on the scales: what each word adds to the decision of three trained classifiers."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np

from eras.figures.figure import Figure
from eras.figures.style import ERA_COLOURS, table
from eras.statistical.classify import CLAUSE_ENDS, MARK, NEGATIONS, mark_negation, tokens

MOST = 2700  # words whose weights the page holds
Weights = tuple[np.ndarray, float]


def classify_figure(
    sentences: Sequence[str],
    names: Sequence[str],
    often: np.ndarray,
    models: Mapping[str, Weights],
    path: Mapping[float, Weights],
    chosen: float,
    most: int = MOST,
) -> Figure:
    """The words of a sentence with their weights, for each of `models` and for MaxEnt along its `path`.

    Weights are (V,) for "good" minus "bad" and a bias, in the order of `names`; `often` (V,) says how often each
    feature occurs. The page holds the `most` features with the largest frequency times weight, in hundredths.
    `path`: strength of regularisation -> weights, `chosen` the one to begin with; a model named "SVM" gives
    margins, all others log odds. Raises ValueError for no sentence, no model, or a strength not on the path.
    """
    if not sentences or not models:
        raise ValueError("give at least one sentence and one model")
    if chosen not in path:
        raise ValueError(f"strength {chosen} is not on the path, which has {', '.join(map(str, path))}")
    strengths = sorted(path, reverse=True)
    influence = often * np.abs(path[chosen][0]) + often * np.abs(next(iter(models.values()))[0])
    kept = np.argsort(-influence, kind="stable")[:most]
    state = {
        "words": [names[i] for i in kept],
        "models": [_model(name, *weights, kept) for name, weights in models.items()],
        "path": [{"strength": s, **_model("MaxEnt", *path[s], kept)} for s in strengths],
        "negations": sorted(NEGATIONS),
        "ends": "".join(sorted(CLAUSE_ENDS)),
        "mark": MARK,
        "sentences": list(sentences),
        **{"preset": 0, "text": sentences[0], "model": "MaxEnt", "step": strengths.index(chosen)},
    }
    return Figure(
        module="classify",
        title="What each word adds: to the right speaks for good, to the left for bad.",
        state=state,
        picture=_picture(state, sentences[0]),
        description=f"Bars for the words of the sentence “{sentences[0]}” under MaxEnt: words that speak for "
        "good point to the right, words that speak for bad to the left.",
        data=table(
            [(s, *(f"{weigh(state, s, name)[1]:.2f}" for name in _titles(state))) for s in sentences],
            ("sentence", *(f"score by {name}" for name in _titles(state))),
        ),
        height=43.5,
    )


def weigh(
    state: dict, text: str, model: str, step: int | None = None
) -> tuple[list[tuple[str, float]], float]:
    """The known features of a text with their stored weights, each once, and the score with the bias."""
    chosen = _chosen(state, model, state["step"] if step is None else step)
    at = {word: i for i, word in enumerate(state["words"])}
    found = dict.fromkeys(token for token in mark_negation(tokens(text)) if token in at)
    parts = [(token, chosen["weights"][at[token]] / 100) for token in found]
    return parts, chosen["bias"] / 100 + sum(weight for _, weight in parts)


def _chosen(state: dict, model: str, step: int) -> dict:
    return next((m for m in state["models"] if m["name"] == model), state["path"][step])


def _titles(state: dict) -> list[str]:
    return [*(m["name"] for m in state["models"]), "MaxEnt"]


def _model(name: str, weights: np.ndarray, bias: float, kept: np.ndarray) -> dict:
    hundredths = np.round(100 * weights[kept]).astype(int).tolist()
    return {"name": name, "weights": hundredths, "bias": round(100 * float(bias))}


def _picture(state: dict, text: str):
    """The bars of one sentence, for readers without JavaScript."""
    parts, _ = weigh(state, text, "MaxEnt")
    figure, axis = plt.subplots(figsize=(5, 0.28 * len(parts) + 0.8))
    colours = [ERA_COLOURS["statistical" if weight > 0 else "llm"] for _, weight in parts]
    axis.barh([token for token, _ in parts][::-1], [weight for _, weight in parts][::-1], color=colours[::-1])
    axis.axvline(0, color="0.5", lw=0.8)
    axis.set(xlabel="bad ← weight → good")
    plt.close(figure)
    return figure
