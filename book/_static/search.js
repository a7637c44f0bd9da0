// Find sections by phrase, then by pieces of the query: the fewer sections have a piece, the more it counts.
const results = document.getElementById("search-results");
const query = (new URLSearchParams(location.search).get("q") || "").trim();
const HAN = /\p{Script=Han}/u;
const WORD = "[\\p{L}\\p{N}_]+(?:[.'-][\\p{L}\\p{N}_]+)*";

// Character by character, so that positions are the same in both texts: ＰＡＤ（ is pad(
const plain = (text) =>
  text
    .toLowerCase()
    .replace(/[！-～]/g, (sign) => String.fromCharCode(sign.charCodeAt(0) - 0xfee0))
    .replace(/[“”]/g, '"')
    .replace(/[‘’]/g, "'");
// "padding_idx的梯度" asks for a name and for a word: cut where the script changes.
const words = (text) => text.replace(/\p{Script=Han}+/gu, " $& ").match(new RegExp(WORD, "gu")) || [];
const pieces = (word) =>
  HAN.test(word) && word.length > 2
    ? Array.from({ length: word.length - 1 }, (_, i) => word.slice(i, i + 2))
    : [word];
const sum = (list, value) => list.reduce((total, item) => total + value(item), 0);

// A phrase and Chinese match anywhere, a word only at the start of a word: "rate" is not in "iterate".
function places(text, mark) {
  const start = mark === phrase || HAN.test(mark[0]) ? "" : "^|[^\\p{L}\\p{N}]";
  const pattern = new RegExp(`(${start})${mark.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}`, "gu");
  return Array.from(text.matchAll(pattern), (match) => match.index + match[1].length);
}

// One letter added, removed or changed, or two swapped.
function alike(one, other) {
  const shorter = Math.min(one.length, other.length);
  let head = 0;
  let tail = 0;
  while (head < shorter && one[head] === other[head]) head += 1;
  while (tail < shorter - head && one.at(-1 - tail) === other.at(-1 - tail)) tail += 1;
  const [a, b] = [one, other].map((word) => word.slice(head, word.length - tail));
  return (a.length < 2 && b.length < 2) || (a.length === 2 && b === a[1] + a[0]);
}

// A long word that the book does not contain is corrected to the most frequent similar one.
function corrected(word) {
  if (word.length < 5 || BOOK.some(({ all }) => all.includes(word))) return word;
  const often = new Map([[word, 0]]);
  for (const other of BOOK.flatMap(({ all }) => words(all)))
    if (alike(word, other)) often.set(other, (often.get(other) || 0) + 1);
  return [...often].reduce((best, other) => (other[1] > best[1] ? other : best))[0];
}

const BOOK = SECTIONS.map((section) => {
  const [title, text] = [plain(section.title), plain(section.text)];
  return { section, title, text, all: `${title} ${text}` };
});
const phrase = plain(query)
  .replace(/\s+/g, " ")
  .replace(/\bvs\b\.?/g, "versus")
  .replace(/[a-z]\w*(?:[.'-]\w+)*/g, corrected);
// Ignore the common words of a question if there are other words.
const COMMON = new Set("a an and are between can do does how i in is it my of on the to what why".split(" "));
const telling = words(phrase).filter((word) => !COMMON.has(word));
// The pieces that the book contains, the most specific first; the pairs of a run share a word's weight.
const asked = new Map(
  (telling.length ? telling : words(phrase)).flatMap((word) => pieces(word).map((piece, _, { length }) => [piece, 1 / length]))
);
const known = [...asked]
  .map(([piece, part]) => {
    const having = new Set(BOOK.filter(({ all }) => places(all, piece).length));
    return { piece, having, weight: part * Math.log((BOOK.length + 1) / Math.max(having.size, 4)) };
  })
  .filter(({ having }) => having.size)
  .sort((a, b) => b.weight - a.weight);

// The longest part of the query, of at least two words or characters, that occurs in a text.
function run(text) {
  const parts = Array.from(phrase.matchAll(new RegExp(`\\p{Script=Han}|${WORD}`, "gu")));
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
  const { title, text, all } = entry;
  if (all.includes(phrase)) {
    const first = title === phrase ? 80 : title.includes(phrase) ? 50 : 0;
    return { points: 100 + first + Math.min(places(text, phrase).length, 4), marks: [phrase] };
  }
  const found = known.filter(({ having }) => having.has(entry));
  const share = (list) => sum(list, ({ weight }) => weight) / sum(known, ({ weight }) => weight);
  if (4 * known.length < asked.size || !(share(found) > 0.3)) return { points: 0 };
  const longest = run(all);
  const within = (text) => share(found.filter(({ piece }) => places(text, piece).length));
  const name = words(title).flatMap(pieces);
  const named = name.filter((piece) => asked.has(piece)).length / name.length;
  const rare = found.filter(({ weight }) => 3 * weight > found[0].weight);
  return {
    points: 40 * share(found) + 20 * within(longest) + 20 * within(title) + 20 * named,
    marks: [longest, ...rare.map(({ piece }) => piece)].filter(Boolean),
  };
}

function search() {
  const pages = new Map();
  for (const entry of BOOK) {
    const { points, marks } = score(entry);
    if (!points) continue;
    const { section } = entry;
    const best = pages.get(section.page);
    if (!best) pages.set(section.page, { section, points, marks, sections: 1 });
    else {
      best.sections += 1;
      if (points > best.points) Object.assign(best, { section, points, marks });
    }
  }
  const value = (hit) => hit.points + Math.min(hit.sections, 15);
  const hits = [...pages.values()].sort((a, b) => value(b) - value(a));
  // A section with all pieces has 40 points; drop results with less than half of the first one's points.
  return hits.filter((hit) => hit.points >= Math.min(hits[0].points / 2, 40));
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

// The words around the first place of the most specific mark: the whole mark, however long.
function excerpt(text, marks) {
  const first = marks.find((mark) => places(plain(text), mark).length) || "";
  const from = Math.max(0, (first && places(plain(text), first)[0]) - 50);
  const to = from + Math.max(180, first.length + 80);
  return (from ? "… " : "") + text.slice(from, to) + (to < text.length ? " …" : "");
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
    // The browser scrolls to the words and highlights them.
    const first = marks.find((mark) => places(plain(section.text), mark).length);
    const fragment = first ? `:~:text=${encodeURIComponent(first)}` : "";
    link.href = `${section.page}.html#${section.anchor}${fragment}`;
    const inside = section.title === section.chapter ? "" : ` › ${section.title}`;
    marked(link, section.chapter + inside, marks);
    item.append(link, marked(document.createElement("p"), excerpt(section.text, marks), marks));
    list.append(item);
  }
  results.replaceChildren(said, list);
}

show();
