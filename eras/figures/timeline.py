"""The five eras on one line, from 1956 to today, with the works that moved them."""

from dataclasses import asdict, dataclass

import matplotlib.pyplot as plt

from eras.figures.figure import Figure
from eras.figures.style import ERA_COLOURS, table


@dataclass(frozen=True)
class Era:
    """An era: its name in the package, title, Chinese name, first and last year (None: still going on)."""

    name: str
    title: str
    chinese: str
    first: int
    last: int | None
    idea: str
    broke: str


@dataclass(frozen=True)
class Milestone:
    """A work: its year, the era it moved (perhaps a later one), what it brought, its key in references.bib."""

    year: int
    era: str
    name: str
    brought: str
    by: str
    key: str


ERAS = (
    Era(
        "rules", "Rules", "规则", 1956, 1992,
        "People write down what they know about a language; the machine carries it out.",
        "Every rule needs exceptions, and nobody could write enough of them.",
    ),
    Era(
        "statistical", "Statistical learning", "统计学习", 1993, 2012,
        "The machine counts what people have said and translated, and draws its knowledge from the counts.",
        "Words stayed separate symbols: what was learned about one said nothing about its neighbours.",
    ),
    Era(
        "deep_learning", "Deep learning", "深度学习", 2013, 2018,
        "Words become points in a space that the network shapes for itself.",
        "One step had to wait for the last, and each task began again from nothing.",
    ),
    Era(
        "pretraining", "Pretraining", "预训练", 2018, 2022,
        "Learn from raw text first, then adapt to a task.",
        "Every task still needed its own labelled data and its own copy of the model.",
    ),
    Era(
        "llm", "Large language models", "大语言模型", 2023, None,
        "One general model, spoken to in plain language, aligned with what people want.",
        "Open: cost, truthfulness, stale knowledge, and what comes after attention.",
    ),
)  # fmt: skip

MILESTONES = (
    Milestone(1956, "rules", "Three models of language", "grammars compared", "Chomsky", "chomsky1956three"),
    Milestone(1966, "rules", "ELIZA", "keywords and templates", "Weizenbaum", "weizenbaum1966eliza"),
    Milestone(1966, "rules", "The ALPAC report", "no useful translation in sight", "ALPAC", "alpac1966language"),
    Milestone(1970, "rules", "Earley's parser", "any context-free grammar", "Earley", "earley1970efficient"),
    Milestone(1972, "rules", "Toy blocks", "orders in English", "Winograd", "winograd1972understanding"),
    Milestone(1948, "statistical", "Information", "entropy, the channel", "Shannon", "shannon1948mathematical"),
    Milestone(1967, "statistical", "The best path", "found without trying all", "Viterbi", "viterbi1967error"),
    Milestone(1993, "statistical", "IBM's models", "translation from pairs", "Brown", "brown1993mathematics"),
    Milestone(1995, "statistical", "Smoothing", "counting contexts", "Kneser and Ney", "kneser1995improved"),
    Milestone(2001, "statistical", "Random fields", "all labels at once", "Lafferty", "lafferty2001conditional"),
    Milestone(1986, "deep_learning", "Backpropagation", "errors sent back", "Rumelhart", "rumelhart1986learning"),
    Milestone(1997, "deep_learning", "LSTM", "a memory with gates", "Hochreiter", "hochreiter1997long"),
    Milestone(2003, "deep_learning", "A neural language model", "vectors learned", "Bengio", "bengio2003neural"),
    Milestone(2013, "deep_learning", "word2vec", "vectors, fast", "Mikolov", "mikolov2013efficient"),
    Milestone(2014, "deep_learning", "Attention", "looking back at the source", "Bahdanau", "bahdanau2015neural"),
    Milestone(2015, "pretraining", "Reading first", "then classifying", "Dai and Le", "dai2015semi"),
    Milestone(2017, "pretraining", "The Transformer", "all positions at once", "Vaswani", "vaswani2017attention"),
    Milestone(2018, "pretraining", "GPT", "raw text, then a task", "Radford", "radford2018improving"),
    Milestone(2018, "pretraining", "BERT", "the same, looking both ways", "Devlin", "devlin2019bert"),
    Milestone(2020, "pretraining", "GPT-3", "tasks from examples in the input", "Brown", "brown2020language"),
    Milestone(2017, "llm", "Preferences", "a goal learned from comparisons", "Christiano", "christiano2017deep"),
    Milestone(2022, "llm", "InstructGPT", "answers people prefer", "Ouyang", "ouyang2022training"),
    Milestone(2023, "llm", "LLaMA", "open weights for everybody", "Touvron", "touvron2023llama"),
    Milestone(2023, "llm", "GPT-4", "a general assistant", "OpenAI", "openai2023gpt4"),
    Milestone(2025, "llm", "DeepSeek-R1", "reasoning from rewards", "DeepSeek-AI", "deepseek2025r1"),
)  # fmt: skip
FIRST, LAST = 1945, 2030


def timeline() -> Figure:
    """The eras to choose from; the chosen one shows its idea, its milestones and what broke."""
    rows = [(m.year, _title(m.era), m.name, m.by, m.brought) for m in MILESTONES]
    return Figure(
        module="timeline",
        title="Seventy years in five eras. Choose one to see what was believed, and what broke.",
        state={
            "eras": [asdict(era) for era in ERAS],
            "milestones": [asdict(milestone) for milestone in MILESTONES],
            "first": FIRST,
            "last": LAST,
            "chosen": "rules",
        },
        picture=_picture(),
        description="Five bars, one an era, from 1956 to today, each below the last, with a dot for each work. "
        "Some dots stand years or decades to the left of their era's bar.",
        data=table(rows, header=("year", "era", "work", "by", "what it brought")),
        height=35,
    )


def _title(name: str) -> str:
    return next(era.title for era in ERAS if era.name == name)


def _picture():
    """The same bars and dots, drawn once, for readers without JavaScript."""
    figure, axes = plt.subplots(figsize=(6.4, 2.4), layout="constrained")
    for row, era in enumerate(ERAS):
        end = (era.last or 2026) + 1
        axes.barh(-row, end - era.first, left=era.first, height=0.5, color=ERA_COLOURS[era.name])
        years = [m.year + 0.5 for m in MILESTONES if m.era == era.name]
        axes.plot(
            years,
            [-row] * len(years),
            "o",
            color="white",
            markeredgecolor=ERA_COLOURS[era.name],
            markersize=5,
        )
    axes.set(xlim=(FIRST, LAST), yticks=range(0, -len(ERAS), -1), yticklabels=[era.title for era in ERAS])
    plt.close(figure)
    return figure
