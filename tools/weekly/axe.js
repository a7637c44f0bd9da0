// What axe-core finds on the open page: rule, number of places, the first of them.
// Contrast is axe's slowest rule by far, and code is thousands of words in a few colours: it
// is asked about the first text of each look, of what is behind it too.
async () => {
  document.querySelectorAll("details").forEach((details) => (details.open = true));
  await document.fonts.ready;
  await Promise.allSettled(document.getAnimations().map((moving) => moving.finished));
  const behind = new Map([[null, ""]]), looks = new Set();
  const ground = (e) => {
    if (!behind.has(e)) {
      const s = getComputedStyle(e), own = [s.backgroundColor, s.backgroundImage, s.opacity];
      behind.set(e, [ground(e.parentElement), ...own, s.filter].join());
    }
    return behind.get(e);
  };
  for (const e of document.querySelectorAll("body *")) {
    const s = getComputedStyle(e), box = e.getBoundingClientRect();
    const font = [s.color, s.fontSize, s.fontWeight, s.textShadow, s.position];
    const look = [...font, ground(e)].join();
    const says = (node) => node.nodeType === Node.TEXT_NODE && node.data.trim();
    const text = [...e.childNodes].some(says) || e.matches("input, select");
    const first = text && e.checkVisibility() && box.width > 1 && !looks.has(look);
    e.toggleAttribute("data-look", first);
    if (first) looks.add(look);
  }
  axe.configure({ rules: [{ id: "color-contrast", selector: "[data-look]" }] });
  const { violations } = await axe.run({ resultTypes: ["violations"] });
  return violations.map(({ id, nodes }) =>
    `${id} × ${nodes.length}: ${nodes[0].html.slice(0, 120)}`);
}
