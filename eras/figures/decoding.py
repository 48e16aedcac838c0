"""A next-token distribution that answers back, in the published page and in JupyterLab, with no kernel."""

import json
from collections.abc import Sequence
from html import escape
from pathlib import Path
from zlib import crc32

SCRIPT = Path(__file__).parent / "static" / "decoding.js"


class DecodingFigure:
    """Sliders for temperature, top-k, top-p and min-p over stored logits.

    `places` are (context, tokens, logits): the text before, and the best tokens with their logits, best first.
    Shown without JavaScript: a table of the first place. Raises ValueError for no place or unsorted logits.
    """

    def __init__(self, places: Sequence[tuple[str, Sequence[str], Sequence[float]]]):
        if not places:
            raise ValueError("give at least one place: (context, tokens, logits)")
        for context, tokens, logits in places:
            if len(tokens) != len(logits) or list(logits) != sorted(logits, reverse=True):
                raise ValueError(f"tokens and logits after {context!r} must pair up, best first")
        self.places = [
            {"context": c, "tokens": list(t), "logits": [round(float(z), 4) for z in zs]}
            for c, t, zs in places
        ]

    def __repr__(self) -> str:
        return f"<DecodingFigure: {len(self.places)} places>"

    def _repr_html_(self) -> str:
        state = json.dumps({"places": self.places}, ensure_ascii=False).replace("<", "\\u003c")
        name = f"decoding-{crc32(state.encode()):08x}"
        code = (
            SCRIPT.read_text("utf-8")
            .replace("export default { render };", "")
            .replace("export function", "function")
        )
        first = self.places[0]
        rows = "".join(f"<tr><td>{escape(token)}</td></tr>" for token in first["tokens"][:16])
        start = f'const el = document.getElementById("{name}"); const state = {state};'
        show = "el.replaceChildren(); render({model: {get: (key) => state[key]}, el});"
        return (
            f'<div id="{name}" style="min-height:44em"><p>The best tokens after {escape(first["context"])}'
            f"</p><table>{rows}</table></div>"
            f'<script type="module">{code}\n{start} {show}</script>'
        )
