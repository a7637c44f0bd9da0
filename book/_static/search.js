// Find sections by phrase, then by pieces of the query: the fewer sections have a piece, the more it counts.
const HAN = /\p{Script=Han}/u;
const WORD = "[\\p{L}\\p{N}_]+(?:[.'-][\\p{L}\\p{N}_]+)*";
const SIMPLIFIED = new Map(TRADITIONAL.match(/\p{Script=Han}{2}/gu).map(([character, simplified]) => [character, simplified]));

// Character by character, so that positions are the same in both texts: ＰＡＤ（ is pad(, 開 is 开.
const plain = (text) =>
  text
    .toLowerCase()
    .replace(/[！-～]/g, (character) => String.fromCharCode(character.charCodeAt(0) - 0xfee0))
    .replace(/[“”]/g, '"')
    .replace(/[‘’]/g, "'")
    .replace(/\p{Script=Han}/gu, (character) => SIMPLIFIED.get(character) || character);
// "padding_idx的梯度" asks for a name and for a word: cut where the script changes.
const words = (text) => text.replace(/\p{Script=Han}+/gu, " $& ").match(new RegExp(WORD, "gu")) || [];
const pieces = (word) =>
  HAN.test(word) && word.length > 2
    ? Array.from({ length: word.length - 1 }, (_, i) => word.slice(i, i + 2))
    : [word.replace(/(?<=\w{3}[^aisu])s$/, "")];  // "weights" asks for a weight, too
const sum = (list, value) => list.reduce((total, item) => total + value(item), 0);

// A section is found by its title and by the names that the glossary has for what it explains:
// a term that links the section, the other language's, and those after "Also" (the notebook's text is JSON).
const NAMES = {};
const ROW = /\[([^\]]+)\]\(([\w-]+)\.ipynb(#[\w-]+)\) \| ([^|]+) \| .*?(?:(?:Also: |相关：)(.*))? \|(?:\\n)?"/g;
for (const [, term, page, anchor, twin, also = ""] of GLOSSARY.matchAll(ROW))
  (NAMES[page + anchor] ||= []).push(term, twin, ...also.replaceAll("`", "").split(/[,、] ?/).filter(Boolean));
const BOOK = SECTIONS.map((section) => {
  const names = NAMES[`${section.page}#${section.anchor}`] || [];
  const titles = [section.title, ...names].map(plain);
  const text = plain(section.text);
  return { section, titles, text, all: [...titles, text].join(" · ") };
});

// Chinese matches anywhere, a word only at the start of a word: "rate" is not in "iterate".
function places(text, mark) {
  if (!text.includes(mark)) return [];
  const start = /^[\p{L}\p{N}]/u.test(mark) && !HAN.test(mark[0]) ? "^|[^\\p{L}\\p{N}]" : "";
  const pattern = new RegExp(`(${start})${mark.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}`, "gu");
  return Array.from(text.matchAll(pattern), (match) => match.index + match[1].length);
}

// One letter added, removed or changed, or two swapped.
function alike(one, other) {
  if (Math.abs(one.length - other.length) > 1) return false;
  const shorter = Math.min(one.length, other.length);
  let head = 0;
  let tail = 0;
  while (head < shorter && one[head] === other[head]) head += 1;
  while (tail < shorter - head && one.at(-1 - tail) === other.at(-1 - tail)) tail += 1;
  const [a, b] = [one, other].map((word) => word.slice(head, word.length - tail));
  return (a.length < 2 && b.length < 2) || (a.length === 2 && b === a[1] + a[0]);
}

// A long word that the book does not contain is corrected to the most frequent similar one.
let often;
function corrected(word) {
  if (word.length < 5 || BOOK.some(({ all }) => all.includes(word))) return word;
  if (!often) {
    often = new Map();
    for (const known of BOOK.flatMap(({ all }) => words(all))) often.set(known, (often.get(known) || 0) + 1);
  }
  const close = [...often].filter(([known]) => alike(word, known));
  return close.reduce((best, known) => (known[1] > best[1] ? known : best), [word, 0])[0];
}

// Ignore the common words of a question if there are other words.
const COMMON = new Set("a an and are between can do does how i in is it my of on the to what why".split(" "));
const telling = (phrase) => words(phrase.replace(/怎么样?|怎样|如何|为什么|什么|哪些?|[吗呢]/g, " ")).filter((word) => !COMMON.has(word));

function search(query) {
  // The last line of a pasted traceback counts most: the error and its message.
  const [, before, error] = query.match(/^(.*)\b([A-Z]\w*(?:Error|Exception|Warning):.*)$/s) || [, "", query];
  const tidy = (text) =>
    plain(text)
      .replace(/\s+/g, " ")
      .trim()
      .replace(/\bvs\b\.?/g, "versus")
      .replace(/\bdifferences? between (.+?) and\b/, "$1 versus")
      .replace(/[a-z]\w*(?:[.'-]\w+)*/g, corrected);
  const phrase = tidy(error);
  // The pieces that the book contains, the most specific first; the pairs of a run share a word's weight.
  const asked = new Map();
  const ask = (list, weight) => {
    for (const word of list)
      pieces(word).forEach((piece, _, { length }) => asked.has(piece) || asked.set(piece, weight / length));
  };
  ask(telling(phrase).length ? telling(phrase) : words(phrase), 1);
  ask(words(tidy(before)), 0.1);
  const known = [...asked]
    .map(([piece, part]) => {
      const having = new Set(BOOK.filter(({ all }) => places(all, piece).length));
      return { piece, having, weight: part * Math.log((BOOK.length + 1) / Math.max(having.size, 4)) };
    })
    .filter(({ having }) => having.size)
    .sort((a, b) => b.weight - a.weight);

  // The longest part of the query, of at least two words or characters, that occurs in a text.
  const parts = Array.from(phrase.matchAll(new RegExp(`\\p{Script=Han}|${WORD}`, "gu")));
  function run(text) {
    let longest = "";
    parts.forEach((first, i) => {
      for (const last of parts.slice(i + 1)) {
        const part = phrase.slice(first.index, last.index + last[0].length);
        if (!text.includes(part)) break;
        if (part.length > longest.length) longest = part;
      }
    });
    return longest;
  }

  function score(entry) {
    const { titles, all } = entry;
    const often = places(all, phrase).length;
    if (often) {
      const first = titles.includes(phrase) ? 80 : titles.some((title) => places(title, phrase).length) ? 50 : 0;
      return { points: 100 + first + Math.min(often, 4), marks: [phrase] };
    }
    const found = known.filter(({ having }) => having.has(entry));
    const share = (list) => sum(list, ({ weight }) => weight) / sum(known, ({ weight }) => weight);
    if (4 * known.length < asked.size || !(share(found) > 0.3)) return { points: 0 };
    const longest = run(all);
    const within = (text) => share(found.filter(({ piece }) => places(text, piece).length));
    const named = (title) => {
      const name = words(title).flatMap(pieces);
      return name.filter((piece) => asked.has(piece)).length / name.length;
    };
    const called = Math.max(...titles.map((title) => within(title) + named(title)));
    const rare = found.filter(({ weight }) => 3 * weight > found[0].weight);
    return {
      points: 40 * share(found) + 20 * within(longest) + 20 * called,
      marks: [longest, ...rare.map(({ piece }) => piece)].filter(Boolean),
    };
  }

  const all = BOOK.map((entry) => ({ ...score(entry), entry, section: entry.section })).filter(({ points }) => points);
  const page = (hit) => all.filter(({ section }) => section.page === hit.section.page).length;
  for (const hit of all) hit.value = hit.points + Math.min(page(hit), 15) * 0.7;
  all.sort((a, b) => b.value - a.value);
  // A section with all pieces has 40 points; drop results with less than half of the first one's points.
  const least = all.length && Math.min(all[0].points / 2, 40);
  const shown = new Map();
  return all.filter(({ points, section: { page } }) => {
    shown.set(page, (shown.get(page) || 0) + 1);
    return points >= least && shown.get(page) <= 3;
  });
}

function marked(element, text, marks) {
  const lit = new Array(text.length).fill(false);
  for (const mark of marks)
    for (const place of places(plain(text), mark)) lit.fill(true, place, place + mark.length);
  for (let from = 0, to; from < text.length; from = to) {
    for (to = from + 1; to < text.length && lit[to] === lit[from]; ) to += 1;
    const node = document.createElement(lit[from] ? "mark" : "span");
    node.textContent = text.slice(from, to);
    element.append(node);
  }
  return element;
}

// The first place of the most specific mark, and its length.
function place({ entry: { text }, marks }) {
  const mark = marks.find((mark) => places(text, mark).length) || "";
  return [mark ? places(text, mark)[0] : 0, mark.length];
}

function item(hit) {
  const { section, marks } = hit;
  const [at, length] = place(hit);
  const [from, to] = [Math.max(0, at - 50), Math.max(at + 130, at + length + 30)];
  const excerpt = (from ? "… " : "") + section.text.slice(from, to) + (to < section.text.length ? " …" : "");
  const link = document.createElement("a");
  const mark = length ? `?mark=${encodeURIComponent(section.text.slice(at, at + length))}` : "";  // book.js
  link.href = `${root}${section.page}.html${mark}#${section.anchor}`;
  marked(link, section.chapter + (section.title === section.chapter ? "" : ` › ${section.title}`), marks);
  const element = document.createElement("li");
  element.append(link, marked(document.createElement("p"), excerpt, marks));
  return element;
}

function show(form) {
  const query = form.q.value.trim();
  const results = form.closest("dialog, article").querySelector(".search-results");
  const hits = query ? search(query) : [];
  const { found, none } = results.dataset;
  results.querySelector("[role=status]").textContent = query && (hits.length ? found.replace("{n}", hits.length) : none);
  results.querySelector("ul").replaceChildren(...hits.map(item));
  // Back from a result, a reader finds the others again.
  if (form.closest("article") && !lost) history.replaceState(null, "", `?q=${encodeURIComponent(query)}`);
}

let waiting;
document.addEventListener("input", ({ target }) => {
  clearTimeout(waiting);
  const form = target.closest("form.bd-search");
  if (form) waiting = setTimeout(show, 150, form);
});
// A field has one line: the lines of a traceback would run into one another.
document.addEventListener("paste", (event) => {
  const text = event.clipboardData.getData("text");
  if (!event.target.closest("form.bd-search") || !text.includes("\n")) return;
  event.preventDefault();
  event.target.setRangeText(text.replace(/\s*\n\s*/g, " "), event.target.selectionStart, event.target.selectionEnd, "end");
  event.target.dispatchEvent(new Event("input", { bubbles: true }));
});

const query = new URLSearchParams(location.search).get("q");
for (const form of document.querySelectorAll("form.bd-search")) {
  if (form.closest("article") && query) form.q.value = query;
  if (form.q.value) show(form);
}
