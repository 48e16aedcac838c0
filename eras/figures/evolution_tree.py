"""The evolutionary tree of language models: who came from whom, in which branch, how large, and how open."""

from collections import Counter
from collections.abc import Sequence
from html import escape
from math import log10

from eras.figures.figure import Figure
from eras.figures.style import ERA_COLOURS, table

BRANCHES = ("pre-transformer", "encoder-only", "decoder-only", "encoder-decoder", "attention-free")
COLOURS = {
    "pre-transformer": "#48566b",
    "encoder-only": ERA_COLOURS["rules"],
    "decoder-only": ERA_COLOURS["deep_learning"],
    "encoder-decoder": ERA_COLOURS["statistical"],
    "attention-free": ERA_COLOURS["pretraining"],
}
RELATIONS = ("weights", "successor", "design")
# Each class with the most billions of parameters it holds.
SIZES = (("small", 1), ("medium", 10), ("large", 100), ("very large", None))
UNKNOWN = "not published"
FORK = "Transformer"


def size_class(billions: float | None) -> str:
    """small (up to 1 billion parameters), medium (10), large (100), very large, or not published."""
    if billions is None:
        return UNKNOWN
    return next(name for name, most in SIZES if most is None or billions <= most)


def evolution_tree(models: Sequence, chosen: str = "") -> Figure:
    """The tree of `models` (rows of `eras.data.language_models()`), with `chosen`'s card open.

    Raises ValueError for no models, a name that stands twice, an unknown branch, relation or parent, a parent
    younger than its child, or a chosen model that is not there.
    """
    models = sorted(models, key=lambda model: model.date)
    _check(models, chosen)
    years = [model.date.year for model in models]
    return Figure(
        module="evolution_tree",
        title=f"{len(models)} language models, {years[0]} to {years[-1]}. Busy years are drawn taller.",
        state={
            "models": [_as_state(model) for model in models],
            "sizes": [list(size) for size in SIZES],
            "fork": FORK,
            "chosen": chosen,
            "view": "tree",
            "zoom": 1,
            "query": "",
            "scaled": False,
            "everyone": False,
            **dict.fromkeys(("branch", "organisation", "weights", "kind", "size"), "all"),
            "from": years[0],
            "to": years[-1],
        },
        picture=_picture(models),
        description=_describe(models),
        data=table([_as_row(model) for model in models], header=_HEADER),
        height=82,
    )


_HEADER = (
    "model",
    "date",
    "organisation",
    "branch",
    "billions",
    "weights",
    "licence",
    "from",
    "kind",
    "source",
)


def _check(models: Sequence, chosen: str) -> None:
    if not models:
        raise ValueError("a tree needs at least one model")
    dates = {model.name: model.date for model in models}
    for model in models:
        if model.branch not in BRANCHES:
            raise ValueError(
                f"{model.name}: branch must be one of {', '.join(BRANCHES)}, not {model.branch!r}"
            )
        if model.parent is None:
            continue
        if model.relation not in RELATIONS:
            raise ValueError(
                f"{model.name}: relation must be one of {', '.join(RELATIONS)}, not {model.relation!r}"
            )
        if dates.get(model.parent) is None or dates[model.parent] > model.date:
            raise ValueError(f"{model.name}: its parent {model.parent!r} is not in the table, or is younger")
    if len(dates) < len(models):
        raise ValueError("a name stands twice in the table")
    if chosen and chosen not in dates:
        raise ValueError(f"no model named {chosen!r} to choose")


def _as_state(model) -> dict:
    """What the page needs to know of a model, in plain JSON."""
    return {
        "name": model.name,
        "date": model.date.isoformat(),
        "organisation": model.organisation,
        "branch": model.branch,
        "parameters": model.parameters,
        "active": model.active,
        "open": bool(model.open_weights),
        "licence": model.licence,
        "parent": model.parent,
        "relation": model.relation,
        "kind": model.kind,
        "type": model.transformers_model_type,
        "source": model.source,
        "checked": getattr(model, "checked", ""),
        "note": getattr(model, "note", ""),
    }


def _as_row(model) -> tuple:
    return (
        model.name,
        model.date.isoformat(),
        model.organisation,
        model.branch,
        "" if model.parameters is None else f"{model.parameters:g}",
        "open" if model.open_weights else "closed",
        model.licence,
        f"{model.parent} ({model.relation})" if model.parent else "",
        model.kind,
        model.source,
    )


def _describe(models: Sequence) -> str:
    counts = Counter(model.branch for model in models)
    parts = ", ".join(f"{counts[branch]} {branch}" for branch in BRANCHES if counts[branch])
    return f"Language models by date and number of parameters: {parts}. Full marks have open weights."


def _picture(models: Sequence) -> str:
    """Date against parameters, as a small SVG text, for readers without JavaScript."""
    known = [model for model in models if model.parameters]
    first, last = models[0].date.year, models[-1].date.year + 1
    low, high = (round(log10(f(m.parameters for m in known)) + e) for f, e in ((min, -0.5), (max, 0.5)))

    def place(model) -> tuple[float, float]:
        x = 50 + 600 * (model.date.year + model.date.timetuple().tm_yday / 366 - first) / (last - first)
        return round(x, 1), round(20 + 340 * (high - log10(model.parameters)) / (high - low), 1)

    marks = "".join(_mark(model, *place(model)) for model in known)
    years = "".join(
        f'<text x="{50 + 600 * (year - first) / (last - first):.0f}" y="380">{year}</text>'
        for year in range(first, last)
    )
    sizes = "".join(
        f'<text x="2" y="{24 + 340 * (high - power) / (high - low):.0f}">{10.0**power:g}B</text>'
        for power in range(low, high + 1)
    )
    legend = "".join(
        f'<text x="{60 + 120 * i}" y="12" fill="{COLOURS[branch]}">{branch}</text>'
        for i, branch in enumerate(BRANCHES)
    )
    head = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 660 390" width="660" height="390"'
    return f'{head} font-family="sans-serif" font-size="11">{legend}{years}{sizes}{marks}</svg>'


def _mark(model, x: float, y: float) -> str:
    colour = COLOURS[model.branch]
    title = f"<title>{escape(model.name)}</title>"
    if model.open_weights:
        return f'<circle cx="{x}" cy="{y}" r="4" fill="{colour}">{title}</circle>'
    corner = f'x="{x - 3.5:.1f}" y="{y - 3.5:.1f}" width="7" height="7"'
    return f'<rect {corner} fill="#fff" stroke="{colour}">{title}</rect>'
