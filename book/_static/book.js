const root = document.documentElement.dataset.content_root;
const lost = document.querySelector(".lost form");  // on the 404 page

// The section that the reader is in: the last one whose heading is above the middle, as in the list of contents.
// If the address names a heading that is still on the screen, or cannot scroll higher, it is that one.
function here() {
  const sections = [...document.querySelectorAll("article section section[id]")];
  const top = (section) => section.getBoundingClientRect().top;
  const end = scrollY + innerHeight > document.documentElement.scrollHeight - 2;
  const named = sections.find(({ id }) => location.hash === `#${id}`);
  if (named && top(named) >= 0 && top(named) < (end ? 1 : 0.4) * innerHeight) return location.hash;
  const last = sections.filter((section) => top(section) < 0.4 * innerHeight).pop();
  return last ? `#${last.id}` : "";
}

// The language switch keeps the reader's place and remembers the choice.
document.addEventListener("click", (event) => {
  const link = event.target.closest("a.language-switch");
  if (!link) return;
  link.hash = here();
  link.search = location.search;  // of the search page: the same words in the other language
  if (lost) link.pathname = location.pathname.replace(root, link.pathname.replace("404.html", ""));
  try {
    localStorage.setItem("language", link.dataset.language);
  } catch {
    // No storage (a private window, some file:// pages): the link still leads there.
  }
});

// Paper is white, whatever the theme.
addEventListener("beforeprint", () => {
  const { dataset } = document.documentElement;
  const { theme } = dataset;
  addEventListener("afterprint", () => (dataset.theme = theme), { once: true });
  dataset.theme = "light";
});

// On a wide screen the button hides the list of chapters; on a phone the theme shows it in a dialog.
document.addEventListener(
  "click",
  (event) => {
    if (!event.target.closest(".primary-toggle") || !matchMedia("(min-width: 992px)").matches) return;
    event.stopImmediatePropagation();
    document.querySelector("#pst-primary-sidebar").classList.toggle("pst-sidebar-hidden");
  },
  true
);

// A line of code that goes on behind the edge of its box: a button wraps the lines of the page, or lets them run.
{
  const wraps = document.createElement("button");
  wraps.className = "wraps";
  wraps.type = "button";
  wraps.textContent = "↵";
  wraps.title = wraps.ariaLabel = document.querySelector('meta[name="wraps"]')?.content;
  wraps.ariaPressed = "false";
  const near = new IntersectionObserver((boxes) => {
    for (const { target, isIntersecting } of boxes) {
      if (!isIntersecting || target.scrollWidth <= target.clientWidth) continue;
      near.unobserve(target);
      target.after(wraps.cloneNode(true));
    }
  });
  document.querySelectorAll(".bd-article .highlight pre").forEach((box) => near.observe(box));
  document.addEventListener("click", ({ target }) => {
    if (!target.matches("button.wraps")) return;
    const on = document.documentElement.classList.toggle("wrapped");
    document.querySelectorAll("button.wraps").forEach((button) => (button.ariaPressed = on));
  });
}

// The address of a search result contains the words found: mark them in the section and scroll to them.
function land(words) {
  const start = /^[\p{L}\p{N}]/u.test(words) && !/^\p{Script=Han}/u.test(words) ? "(?<![\\p{L}\\p{N}])" : "";
  const parts = words.split(/\s+/).map((part) => part.replace(/[.*+?^${}()|[\]\\\/]/g, "\\$&"));
  const section = document.getElementById(location.hash.slice(1)) || document.querySelector("article section");
  const own = (node) => {
    if (node.nodeType === Node.TEXT_NODE) return NodeFilter.FILTER_ACCEPT;
    const other = node.matches("section, h1, h2, h3, h4, math, script, style, button");
    return other ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_SKIP;
  };
  const walker = document.createTreeWalker(section, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT, own);
  const nodes = [];
  let text = "";
  while (walker.nextNode()) {
    nodes.push([text.length, walker.currentNode]);
    text += walker.currentNode.data;
  }
  const match = new RegExp(start + parts.join("\\s+"), "u").exec(text);
  if (!match) return;
  const range = new Range();
  const place = (at) => {
    const [from, node] = nodes.findLast(([from]) => from <= at);
    return [node, at - from];
  };
  range.setStart(...place(match.index));
  const [node, at] = place(match.index + match[0].length - 1);
  range.setEnd(node, at + 1);
  const { parentElement } = range.startContainer;
  for (let box = parentElement; (box = box.closest("details:not([open])")); ) box.open = true;
  if (globalThis.Highlight) CSS.highlights.set("found", new Highlight(range));
  // The browser is at the heading; scroll on only if the words are not on the screen.
  const behavior = "instant";
  const box = range.getBoundingClientRect();
  if (box.top < 0 || box.bottom > innerHeight) scrollBy({ top: box.top - innerHeight / 3, behavior });
  const pre = parentElement.closest("pre, .pst-scrollable-table-container");
  const beyond = pre ? box.right - pre.getBoundingClientRect().right : 0;
  if (beyond > 0) pre.scrollBy({ left: beyond + 16, behavior });
}
const mark = new URLSearchParams(location.search).get("mark");
if (mark) {
  land(mark);
  addEventListener("load", () => land(mark), { once: true });
  history.replaceState(null, "", location.pathname + location.hash);  // so that a copied link does not contain it
}

// A reader who focuses a search field is about to type: load the text of the book now.
function bringSearch() {
  if (document.querySelector("script[src*='fulltext.js']")) return;
  for (const name of ["fulltext", "search"])
    document.head.append(Object.assign(document.createElement("script"), { src: `${root}_static/${name}.js`, async: false }));
}
document.addEventListener("focusin", ({ target }) => target.closest("form.bd-search") && bringSearch());
if (lost) {
  lost.q.value = decodeURIComponent(location.pathname).match(/([^/]*?)(\.\w+)?$/)[1].replace(/[-_]+/g, " ");
  bringSearch();
}
