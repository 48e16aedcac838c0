// The search page: pagefind's index, loaded with the first question.
const PAGES = 8;
const field = document.querySelector(".bd-search-container input[name=q]");
const said = document.getElementById("search-said");
const found = document.getElementById("search-found");
const more = document.getElementById("search-more");
let index, waiting, turn = 0;

const made = (tag, text, attributes = {}) =>
  Object.assign(document.createElement(tag), text === null ? {} : { textContent: text }, attributes);

// pagefind gives an excerpt as HTML with <mark> around what was found.
const excerpt = (html) => {
  const paragraph = made("p", null);
  paragraph.append(...new DOMParser().parseFromString(html, "text/html").body.childNodes);
  return paragraph;
};

const entry = (page) => {
  const item = made("li", null);
  const title = made("h2", null);
  title.append(made("a", page.meta.title, { href: page.url }));
  item.append(title);
  const places = page.sub_results.filter((place) => place.title !== page.meta.title).slice(0, 3);
  if (!places.length) item.append(excerpt(page.excerpt));
  for (const place of places) {
    const heading = made("h3", null);
    heading.append(made("a", place.title, { href: place.url }));
    item.append(heading, excerpt(place.excerpt));
  }
  return item;
};

const show = async (results, from, mine) => {
  const pages = await Promise.all(results.slice(from, from + PAGES).map((result) => result.data()));
  if (mine !== turn) return;
  found.append(...pages.map(entry));
  const next = from + PAGES;
  more.hidden = next >= results.length;
  more.onclick = () => show(results, next, mine).then(() => found.children[next]?.querySelector("a").focus());
};

// Of a word that it does not know pagefind looks for the beginning, down to one letter: that is no answer.
const meant = async (results, words) => {
  const marked = [...((await results[0]?.data())?.excerpt ?? "").matchAll(/<mark>(.*?)<\/mark>/g)];
  const beginnings = words.toLowerCase().split(/\s+/).map((word) => word.slice(0, /^\p{Script=Han}/u.test(word) ? 1 : 3));
  return marked.some(([, text]) => beginnings.some((beginning) => text.toLowerCase().includes(beginning))) ? results : [];
};

const search = async () => {
  const mine = ++turn;
  const words = field.value.trim();
  history.replaceState(null, "", words ? `?q=${encodeURIComponent(words)}` : location.pathname);
  if (words) {
    index ??= import(new URL("../pagefind/pagefind.js", import.meta.url));
    const results = await meant((await (await index).search(words)).results, words);
    if (mine !== turn) return;
    found.replaceChildren();
    said.textContent = `${results.length || "No"} ${results.length === 1 ? "page" : "pages"} for “${words}”`;
    await show(results, 0, mine);
  } else {
    found.replaceChildren();
    said.textContent = "";
    more.hidden = true;
  }
};

field.form.addEventListener("submit", (event) => (event.preventDefault(), search()));
field.addEventListener("input", () => (clearTimeout(waiting), (waiting = setTimeout(search, 250))));
field.value = new URLSearchParams(location.search).get("q") ?? "";
field.focus();
search();
