// Finds sections by phrase, then by all words, then by most of the query's pieces.
const results = document.getElementById("search-results");
const query = (new URLSearchParams(location.search).get("q") || "").trim();
const HAN = /\p{Script=Han}/u;

const plain = (text) => text.toLowerCase().replace(/\s+/g, " ");
// "padding_idx的梯度" asks for a name and for a word: cut where the script changes.
const words = (text) => plain(text).match(/\p{Script=Han}+|[^\s\p{Script=Han}，。；：？！]+/gu) || [];
const pieces = (text) =>
  words(text).flatMap((word) =>
    HAN.test(word) && word.length > 2
      ? Array.from({ length: word.length - 1 }, (_, i) => word.slice(i, i + 2))
      : [word]
  );
const count = (text, word) => text.split(word).length - 1;

function score(section) {
  const phrase = plain(query);
  const terms = words(query);
  const title = plain(section.title);
  const text = plain(section.text);
  const all = `${title} ${text}`;
  if (all.includes(phrase)) {
    const first = title === phrase ? 80 : title.includes(phrase) ? 50 : 0;
    return { points: 100 + first + Math.min(count(text, phrase), 9), marks: [phrase] };
  }
  if (terms.every((term) => all.includes(term))) {
    const named = terms.filter((term) => title.includes(term)).length / terms.length;
    const often = terms.reduce((sum, term) => sum + Math.min(count(text, term), 3), 0);
    return { points: 50 + 30 * named + often / terms.length, marks: terms };
  }
  const parts = pieces(query);
  const found = parts.filter((part) => all.includes(part));
  const share = parts.length > 1 ? found.length / parts.length : 0;
  return { points: share > 0.6 ? 40 * share : 0, marks: found };
}

function search() {
  const pages = new Map();
  for (const section of SECTIONS) {
    const { points, marks } = score(section);
    if (!points) continue;
    const best = pages.get(section.page);
    if (!best) pages.set(section.page, { section, points, marks, sections: 1 });
    else {
      best.sections += 1;
      if (points > best.points) Object.assign(best, { section, points, marks });
    }
  }
  const value = (hit) => hit.points + 2 * Math.min(hit.sections, 10);
  const hits = [...pages.values()].sort((a, b) => value(b) - value(a));
  const whole = hits.some((hit) => hit.points >= 50); // then what has only pieces is no answer
  return hits.filter((hit) => !whole || hit.points >= 50);
}

function marked(element, text, marks) {
  const pattern = marks.map((m) => m.replace(/[.*+?^${}()|[\]\\]/g, "\\$&").replace(/ /g, "\\s+"));
  text.split(new RegExp(`(${pattern.join("|")})`, "giu")).forEach((part, i) => {
    const node = document.createElement(i % 2 ? "mark" : "span");
    node.textContent = part;
    element.append(node);
  });
  return element;
}

// The words around the first match.
function snippet(text, marks) {
  const places = marks.map((mark) => plain(text).indexOf(mark)).filter((place) => place >= 0);
  const from = places.length ? Math.max(0, Math.min(...places) - 50) : 0;
  const line = document.createElement("p");
  if (from > 0) line.append("… ");
  marked(line, text.slice(from, from + 180), marks);
  if (from + 180 < text.length) line.append(" …");
  return line;
}

function show() {
  document.querySelectorAll("form.bd-search input").forEach((input) => (input.value = query));
  if (!query) return;
  const hits = search();
  const said = document.createElement("p");
  said.setAttribute("role", "status");
  said.textContent = hits.length
    ? results.dataset.found.replace("{n}", hits.length)
    : results.dataset.none;
  const list = document.createElement("ul");
  list.className = "search";
  for (const { section, marks } of hits) {
    const item = document.createElement("li");
    const link = document.createElement("a");
    // The browser itself scrolls to the words and marks them.
    const fragment = marks.slice(0, 1).map((m) => `:~:text=${encodeURIComponent(m)}`).join("");
    link.href = `${section.page}.html#${section.anchor}${fragment}`;
    const inside = section.title === section.chapter ? "" : ` › ${section.title}`;
    marked(link, section.chapter + inside, marks);
    item.append(link, snippet(section.text, marks));
    list.append(item);
  }
  results.replaceChildren(said, list);
}

show();
