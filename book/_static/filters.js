// Tables that a reader can filter: keep the rows with all the words typed and the verdict chosen.
(() => {
  const boxes = [...document.querySelectorAll(".filtered table")];
  if (!boxes.length) return;
  const [input, select] = ["input", "select"].map((tag) => document.createElement(tag));
  const rows = boxes.flatMap((table) => [...table.tBodies[0].rows]);
  const text = (cell) => cell.textContent.trim();
  const verdict = (cell) => text(cell).replace(/\s*[（(].*/, "");
  const chinese = document.documentElement.lang.startsWith("zh");
  const [label, any, found] = chinese
    ? ["筛选各表", "任何结论", "行"] : ["Filter the tables", "any verdict", "rows"];
  const names = [...new Set(rows.flatMap((row) => [...row.cells].slice(1, 4).map(verdict)))];
  select.append(...[any, ...names].map((name, n) => new Option(name, n ? name : "")));
  Object.assign(input, { type: "search", placeholder: label, ariaLabel: label, autocomplete: "off" });
  Object.assign(select, { ariaLabel: any, autocomplete: "off" });
  const count = document.createElement("output");
  const show = () => {
    const words = input.value.toLowerCase().split(/\s+/);
    for (const row of rows) {
      const has = words.every((word) => text(row).toLowerCase().includes(word));
      const cells = [...row.cells].slice(1, 4);
      row.hidden = !has || (select.value && !cells.some((cell) => verdict(cell) === select.value));
    }
    for (const table of boxes) table.hidden = [...table.tBodies[0].rows].every((row) => row.hidden);
    count.textContent = `${rows.filter((row) => !row.hidden).length} ${found}`;
  };
  const bar = document.createElement("div");
  bar.className = "filter";
  bar.addEventListener("input", show);
  bar.append(input, select, count);
  boxes[0].closest(".cell").before(bar);
  show();
})();
