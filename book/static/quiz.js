// Questions that the page answers: compares what was chosen with what is in the folded answer and says why.
(() => {
  const element = (tag, attributes, ...children) => {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    made.append(...children);
    return made;
  };

  // The numbers that a text can mean: "6,64" is 6.64, "1,024" is 1024 or 1.024, "50 %" is 50 or 0.5; none for nonsense.
  function readings(text) {
    const plain = text.normalize("NFKC").replace(/[−–]/g, "-").trim();
    const bare = plain.replace(/\s*%$/, "").replace(/(\d)[ '’](?=\d{3}(?!\d))/g, "$1");
    const forms = [bare.replace(",", ".")];
    if (/^[-+]?\d{1,3}(,\d{3})+(\.\d+)?$/.test(bare)) forms.unshift(bare.replaceAll(",", ""));
    const numbers = forms.filter((form) => /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(form)).map(Number).filter(Number.isFinite);
    return plain.endsWith("%") ? numbers.flatMap((number) => [number, number / 100]) : numbers;
  }

  const near = (number, value, within) => Math.abs(number - value) <= within + 1e-9 * Math.abs(value);

  function verdict(right, text) {
    const sign = element("span", { "aria-hidden": "true" }, right ? "✓ " : "✗ ");
    return element("p", { class: right ? "right" : "wrong" }, element("strong", { class: "quiz-verdict" }, sign, text));
  }

  // What stands in the folded answer, once more: the same, without ids that are taken.
  function explanation(item) {
    const copy = element("div", { class: item.className }, ...item.cloneNode(true).childNodes);
    for (const marked of copy.querySelectorAll("[id]")) marked.removeAttribute("id");
    return copy;
  }

  function chosenOptions(form, items) {
    const chosen = [...form.querySelectorAll("input")].map((input) => input.checked);
    if (!chosen.includes(true)) return ["Choose an answer first."];
    const said = items.filter((_, i) => chosen[i]).map(explanation);
    if (form.dataset.kind === "radio") return said;
    const wrong = items.some((item, i) => chosen[i] && item.className === "wrong");
    const missing = items.some((item, i) => !chosen[i] && item.className === "right");
    if (!wrong && missing) return [element("p", {}, "Right so far, but something is missing."), ...said];
    return [wrong ? verdict(false, "Not quite.") : verdict(true, "Complete."), ...said];
  }

  function writtenNumber(form, items) {
    const text = form.querySelector("input").value.trim();
    if (!text) return ["Write a number first."];
    const numbers = readings(text);
    if (!numbers.length) return [`“${text}” is no number: write one alone, such as 3.5 or 1e3.`];
    const value = (item) => Number(item.dataset.value);
    const known = items.find((item) => numbers.some((number) => near(number, value(item), Number(item.dataset.within))));
    if (known) return [explanation(known)];
    const small = numbers.map((number) => number < value(items[0]));
    const hint = small.every((each) => each === small[0]) ? (small[0] ? "it is too small." : "it is too large.") : "it is another number.";
    return [verdict(false, `Not ${text}: ${hint}`)];
  }

  function wake(quiz) {
    const form = quiz.querySelector("form");
    const items = [...quiz.querySelectorAll(".quiz-answers > ul > li")];
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const said = form.dataset.kind === "number" ? writtenNumber(form, items) : chosenOptions(form, items);
      const answered = typeof said[0] !== "string";
      quiz.querySelector(".quiz-said").replaceChildren(...(answered ? said : [element("p", {}, said[0])]));
      if (answered) quiz.classList.add("answered"); // from now on the whole answer may be unfolded
    });
  }

  document.addEventListener("DOMContentLoaded", () => document.querySelectorAll(".quiz").forEach(wake));
})();
