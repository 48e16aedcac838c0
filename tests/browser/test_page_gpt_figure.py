"""The course GPT in Chromium: PyTorch's numbers, the same text for the same seed, and every control."""

from base64 import b64decode, b64encode

import numpy as np
import pytest
import torch

from eras.figures.figure import STATIC
from eras.figures.page_gpt import PACKED, page_gpt, prompt_ids, unpack, write
from eras.llm.decoding import Temperature, TopK, TopP, generate, process
from eras.pretraining.attention import fused_attention, scaled_dot_product_attention
from eras.pretraining.gpt import COURSE_GPT, GPT, GPTConfig, course_gpt
from eras.pretraining.tokenizer import Tokenizer

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("figures")]
PROMPTS = {"a whale": "The whale", "唐诗": "潼关口号\n河曲回千里，", "a lamb": "Mary had a little"}

# All logits of all positions, as base64 of float32.
LOGITS = """async ([ids, simd]) => {
  const { readGPT } = await import("/figures/gpt.js");
  const packed = new Uint8Array(await (await fetch("/figures/course_gpt.bin")).arrayBuffer());
  const { gpt } = await readGPT(packed, { simd });
  return ids.map((id) => {
    const bytes = new Uint8Array(gpt.step(id).slice().buffer);
    return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
  });
}"""


@pytest.fixture(scope="module")
def tokenizer():
    return Tokenizer.load(COURSE_GPT / "tokenizer.json")


@pytest.fixture(scope="module")
def whole():
    return page_gpt(*course_gpt(), PROMPTS)


@pytest.fixture(scope="module")
def small(tokenizer):
    """A random model with a context of 48 tokens, loud enough to have preferences."""
    torch.manual_seed(3)
    model = GPT(GPTConfig(vocab_size=4096, context=48, layers=2, heads=2, width=32))
    for weight in model.parameters():
        if weight.dim() == 2:
            torch.nn.init.normal_(weight, std=0.3)
    return page_gpt(model, tokenizer, PROMPTS, count=10)


def loaded(page):
    page.get_by_role("button", name="Load the model").click()
    page.wait_for_function("document.querySelector('figure').model.get('loaded')")
    return still(page)


def still(page):
    """The page when the model neither reads nor writes, and all is drawn."""
    page.wait_for_function("!document.querySelector('figure').model.get('running')")
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    return page


def pressed(page, name):
    page.get_by_role("button", name=name, exact=True).click()
    return still(page)


def logits_in(page, ids, simd):
    rows = page.evaluate(LOGITS, [ids, simd])
    return np.stack([np.frombuffer(b64decode(row), np.float32) for row in rows])


@pytest.mark.parametrize("simd", [True, False])
def test_logits_are_pytorchs_at_every_position(open_figure, whole, tokenizer, simd):
    page, model = open_figure(whole), unpack(whole.files[PACKED])
    long = prompt_ids(tokenizer, "Call me Ishmael. Some years ago, never mind how long. " * 30)[:256]
    for ids in ([0], prompt_ids(tokenizer, PROMPTS["唐诗"]), prompt_ids(tokenizer, "Good day"), long):
        with torch.no_grad():
            expected = model(torch.tensor([ids]))[0].numpy()
        assert np.abs(logits_in(page, ids, simd) - expected).max() < 1e-4


def test_what_was_read_before_may_be_taken_back(open_figure, small):
    """The cache changes nothing: a prefix read anew, or read after a longer text was forgotten, is the same."""
    page = open_figure(small)
    same = page.evaluate("""async () => {
      const { readGPT } = await import("/figures/gpt.js");
      const packed = new Uint8Array(await (await fetch("/figures/course_gpt.bin")).arrayBuffer());
      const { gpt } = await readGPT(packed);
      const ids = [5, 900, 77, 5, 4000, 12], once = ids.map((id) => [...gpt.step(id)].join());
      return ids.every((_, n) => {
        for (const id of ids.slice(gpt.length)) gpt.step(id);
        gpt.truncate(n % 2 ? 0 : n);
        let last;
        for (const id of ids.slice(gpt.length, n + 1)) last = [...gpt.step(id)].join();
        return last === once[n];
      });
    }""")
    assert same


def test_bad_ids_and_a_full_context_are_refused(open_figure, small):
    page = open_figure(small)
    said = page.evaluate("""async () => {
      const { readGPT } = await import("/figures/gpt.js");
      const packed = new Uint8Array(await (await fetch("/figures/course_gpt.bin")).arrayBuffer());
      const { gpt } = await readGPT(packed), said = [];
      const attempt = (id) => { try { gpt.step(id); } catch (error) { said.push(error.message); } };
      [-1, 4096, NaN].forEach(attempt);
      for (let i = 0; i < 49; i++) attempt(i);
      return said;
    }""")
    assert [message.split()[0] for message in said] == ["no", "no", "no", "the"]


def test_the_kernel_is_the_assembled_source():
    wasmtime = pytest.importorskip("wasmtime")
    code = wasmtime.wat2wasm((STATIC / "gpt.wat").read_text("utf-8"))
    assert b64encode(code).decode() in (STATIC / "gpt.js").read_text("utf-8")


@pytest.mark.parametrize(
    ("temperature", "k", "p"),
    [(0.8, 0, 1), (1.7, 40, 1), (1, 0, 0.6), (0.5, 7, 0.9), (1, 5000, 1), (1, 1, 1)],
)
def test_temperature_and_cuts_are_those_of_the_decoding_chapter(open_figure, small, temperature, k, p):
    page, logits = open_figure(small), torch.randn(1, 300) * 3
    shares = page.evaluate(
        "async ([logits, settings]) => [...(await import('/figures/gpt.js')).distribution(logits, settings)]",
        [logits[0].tolist(), {"temperature": temperature, "k": k, "p": p}],
    )
    processors = [Temperature(temperature), *([TopK(k)] if k else []), TopP(p)]
    expected = process(processors, torch.zeros(1, 1), logits.double()).softmax(-1)[0]
    assert np.abs(np.array(shares) - expected.numpy()).max() < 1e-9


def test_greedy_text_is_that_of_generate(open_figure, whole, tokenizer):
    page, model = loaded(open_figure(whole)), unpack(whole.files[PACKED])
    assert page.get("difference") < 1e-4
    assert "no logit differs" in page.locator(".spoken").inner_text()
    page.set("temperature", 0)
    page.set("count", 20)
    for prompt in (PROMPTS["a whale"], PROMPTS["唐诗"]):
        page.get_by_role("combobox", name="a beginning").select_option(prompt)
        page.wait_for_timeout(350)
        pressed(still(page), "Write")
        expected = generate(model, [prompt_ids(tokenizer, prompt)], 20, stop=[[4095]])[0]
        assert page.get("written") == expected
    shown = page.locator(".written").inner_text().replace("↵", "").replace("▪", "")
    assert shown == "start" + prompt + tokenizer.decode(expected) + "next"


def test_a_seed_writes_what_python_writes_and_again_the_same(open_figure, small, tokenizer):
    page, model = loaded(open_figure(small)), unpack(small.files[PACKED])
    texts = {}
    for seed in (1, 7):
        page.set("seed", seed)
        page.wait_for_timeout(350)
        pressed(still(page), "Write")
        steps = write(model, prompt_ids(tokenizer, "The whale"), 10, 0.8, seed)
        texts[seed] = page.get("written")
        assert texts[seed] == [step.token for step in steps]
    assert texts[1] != texts[7]
    pressed(page, "Back to the prompt")
    assert page.get("written") == []
    for _ in range(3):
        pressed(page, "One token")
    assert page.get("written") == texts[7][:3]
    pressed(page, "Write")
    assert page.get("written")[:10] == texts[7]


def test_writing_stops_when_it_is_told_to(open_figure, small):
    page = loaded(open_figure(small))
    page.get_by_role("combobox", name="pace").select_option("eight")
    page.get_by_role("button", name="Write").click()
    page.wait_for_function("document.querySelector('figure').model.get('written').length >= 2")
    assert page.get_by_role("button", name="One token").is_disabled()
    page.get_by_role("button", name="Stop").click()
    still(page)
    count = len(page.get("written"))
    page.wait_for_timeout(400)
    assert len(page.get("written")) == count < 10
    assert f"{count} tokens written" in page.locator(".spoken").inner_text()


def test_a_full_context_and_a_prompt_too_long_are_told(open_figure, small):
    page = loaded(open_figure(small))
    page.set("count", 60)
    pressed(page, "Write")
    assert "context of 48 tokens is full" in page.locator(".spoken").inner_text()
    assert page.locator(".written [data-at]").count() == 48 + 1
    pressed(page, "Write")
    assert len(page.get("written")) + 3 == 48
    page.get_by_role("textbox").fill("never mind how long " * 20)
    page.wait_for_timeout(350)
    assert "shorten it" in still(page).locator(".spoken").inner_text()
    page.get_by_role("textbox").fill("")
    page.wait_for_timeout(350)
    pressed(still(page), "One token")
    assert len(page.get("written")) == 1


def test_a_chosen_token_tells_what_was_expected_there(open_figure, small, tokenizer):
    page, model = loaded(open_figure(small)), unpack(small.files[PACKED])
    pressed(page, "Write")
    steps = write(model, prompt_ids(tokenizer, "The whale"), 10, 0.8, 1)
    at = len(prompt_ids(tokenizer, "The whale")) + 4
    page.locator(f"[data-at='{at}']").hover()
    still(page)
    assert page.get("focus") == at
    table = page.locator(".writer table", has_text="What it expected where")
    first = table.locator("tr").first.inner_text()
    best, share = steps[4].best[0]
    assert f"{100 * share:.0f} %" in first or f"{100 * share:.1f} %" in first
    assert repr(tokenizer.decode([best])).strip("'\"") in first or "bytes" in first
    assert table.locator("tr", has_text="→").count() == 1
    page.mouse.move(2, 2)
    still(page)
    assert page.get("focus") == -1
    assert page.locator("caption", has_text="What it expects next").is_visible()


def test_arrow_keys_walk_through_the_text(open_figure, small):
    page = loaded(open_figure(small))
    pressed(page, "Write")
    page.locator(".written [tabindex='0']").focus()
    last = page.locator(".written [data-at]").count() - 1
    for key, at in (("ArrowLeft", last - 1), ("ArrowLeft", last - 2), ("Home", 1), ("ArrowLeft", 1)):
        page.keyboard.press(key)
        assert page.get("focus") == at
        assert page.locator(f"[data-at='{at}']").get_attribute("aria-pressed") == "true"
    page.keyboard.press("Escape")
    assert page.get("focus") == -1


def test_shading_and_numbers_say_where_a_head_looked(open_figure, small, tokenizer):
    page, model = loaded(open_figure(small)), unpack(small.files[PACKED])
    ids, kept = prompt_ids(tokenizer, PROMPTS["a whale"]), []

    def watch(q, k, v, mask=None, return_weights=False, **options):
        kept.append(scaled_dot_product_attention(q, k, v, mask, return_weights=True)[1])
        return fused_attention(q, k, v, mask, **options)

    for block in model.blocks:
        block.attention.attend = watch
    with torch.no_grad():
        model(torch.tensor([ids]))
    page.get_by_role("combobox", name="layer").select_option("1")
    page.get_by_role("combobox", name="head").select_option("1")
    still(page)
    weights = kept[1][0, 1, -1]
    shaded = page.locator(".written [data-at]").evaluate_all(
        "spans => spans.map((span) => parseFloat(span.style.getPropertyValue('--looked')))"
    )
    assert shaded[:-1] == pytest.approx((100 * weights / weights.max()).tolist(), abs=0.1)
    top = page.locator(".writer table", has_text="Where this head looked").locator("tr").first.inner_text()
    assert f"{100 * float(weights.max()):.0f} %" in top
    assert f"{len(ids) - int(weights.argmax())} back" in top
    page.get_by_role("checkbox", name="shade the text").uncheck()
    still(page)
    assert (
        page.locator(".written [data-at]").first.evaluate("s => s.style.getPropertyValue('--looked')") == "0%"
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_suits_everyone_at_every_stage(open_figure, small, scheme):
    page = open_figure(small, scheme=scheme)
    assert page.axe() == []
    loaded(page)
    assert page.axe() == []
    pressed(page, "Write")
    page.locator("[data-at='2']").click()
    assert still(page).axe() == []
    assert page.foreign == []
    assert page.complaints == []


def test_it_fits_a_phone_when_it_has_written(open_figure, small):
    page = loaded(open_figure(small, width=375))
    pressed(page, "Write")
    assert page.evaluate("document.documentElement.scrollWidth") <= 375


def test_a_failed_download_is_told_and_may_be_tried_again(open_figure, small):
    page = open_figure(small)
    page.route("**/course_gpt.bin", lambda route: route.abort())
    page.get_by_role("button", name="Load the model").click()
    page.wait_for_function("document.querySelector('.spoken').textContent.includes('did not work')")
    page.unroute("**/course_gpt.bin")
    loaded(page)
