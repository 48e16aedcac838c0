"""Trimming the style sheet: what is in use stays, whatever it stands in; what is not goes."""

import sys
from pathlib import Path

import pytest
import tinycss2

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "book"))

import light


@pytest.mark.parametrize(
    ("style", "left"),
    [
        (".used { color: red }", ".used{color: red}"),
        (".gone { color: red }", ""),
        (".used, .gone { color: red }", ".used{color: red}"),
        (".used .gone { color: red }", ""),
        ("p:not(.gone) { color: red }", "p:not(.gone){color: red}"),
        (":is(.gone, .used) b { color: red }", ":is(.gone, .used) b{color: red}"),
        ("a[href$='.gone'] { color: red }", 'a[href$=".gone"]{color: red}'),
        ("@media print { .used { color: red } .gone { color: red } }", "@media print{.used{color: red}}"),
        ("@media print { .gone { color: red } }", ""),
        ("@font-face { font-family: x }", "@font-face{font-family: x}"),
        ("/* said */ p { margin: 0 }", "p{margin: 0}"),
    ],
)
def test_trimmed(style, left):
    rules = tinycss2.parse_stylesheet(style, skip_comments=True, skip_whitespace=True)
    assert light.trimmed(rules, {"used"}) == left


def test_addresses_and_imports_are_seen_from_the_static_folder(tmp_path):
    (tmp_path / "styles").mkdir()
    (tmp_path / "basic.css").write_text("b { background: url(data:image/png;base64,AA) }")
    (tmp_path / "styles" / "theme.css").write_text(
        '@import "../basic.css";\nb { background: url(../x/y.png) }'
    )
    found = light.gathered(tmp_path, "styles/theme.css")
    assert found == 'b { background: url(data:image/png;base64,AA) }\nb { background: url("x/y.png") }'


def test_plain_tokens_lose_their_markup_and_coloured_ones_keep_it():
    code = '<span class="k">def</span><span class="w"> </span><span class="nf">f</span><span class="p">():</span>'
    assert light.PLAIN.sub(r"\1", code) == '<span class="k">def</span> <span class="nf">f</span>():'
