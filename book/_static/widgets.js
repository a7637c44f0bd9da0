// Interactive figures. A widget holds every result that its notebook's cell computed; the controls
// choose one of them, and it is written into the table. Nothing is calculated here.
(() => {
  const make = (tag, properties = {}, ...children) => {
    const element = Object.assign(document.createElement(tag), { ...properties });
    element.append(...children);
    return element;
  };
  let groups = 0;

  // Each maker returns the control and a function that says which of its names is chosen.
  const makers = {
    choice({ label, names, start }) {
      const name = `widget-choice-${groups++}`;
      const inputs = names.map((_, place) =>
        make("input", { type: "radio", name, autocomplete: "off", checked: place === start }));
      const labels = names.map((text, place) => make("label", {}, inputs[place], make("span", {}, text)));
      const control = make("fieldset", { className: "widget-choice" }, make("legend", {}, label), ...labels);
      return [control, () => inputs.findIndex((input) => input.checked)];
    },

    range({ label, names, start }) {
      const input = make("input", { type: "range", min: 0, max: names.length - 1, autocomplete: "off" });
      const shown = make("b");
      const show = () => {
        shown.textContent = names[input.value];
        input.setAttribute("aria-valuetext", names[input.value]);
      };
      input.value = start;
      input.addEventListener("input", show);
      show();
      shown.style.minWidth = `${Math.max(...names.map((name) => name.length))}ch`;
      const control = make("label", { className: "widget-range" }, make("span", {}, label), input, shown);
      shown.ariaHidden = "true";
      return [control, () => +input.value];
    },

    check({ names }) {
      const input = make("input", { type: "checkbox", autocomplete: "off" });
      return [make("label", { className: "widget-check" }, input, make("code", {}, names[1])), () => +input.checked];
    },

    batch({ label, names, start, rows, place }) {
      const selects = names[start].split(", ").map((row, number) => {
        const options = rows.map((text, value) => make("option", { value }, text));
        const select = make("select", { autocomplete: "off", ariaLabel: place.replace("{n}", number + 1) }, ...options);
        select.value = row;
        return select;
      });
      const control = make("fieldset", { className: "widget-batch" }, make("legend", {}, label), ...selects);
      return [control, () => names.indexOf(selects.map((select) => select.value).sort().join(", "))];
    },
  };

  for (const widget of document.querySelectorAll(".widget")) {
    const { controls, said, frames } = JSON.parse(widget.querySelector("script").textContent);
    const slots = widget.querySelectorAll("[data-slot]");
    const status = widget.querySelector("[role=status]");
    const made = controls.map((control) => makers[control.kind](control));

    const show = () => {
      const places = made.map(([, chosen]) => chosen());
      const frame = frames[places.reduce((sum, place, n) => sum * controls[n].names.length + place, 0)];
      const entries = { ...frame.map((entry) => [entry].flat()[0]) };
      places.forEach((place, n) => (entries["abc"[n]] = controls[n].names[place]));
      slots.forEach((slot, n) => {
        slot.textContent = entries[n];
        const bar = slot.closest(".widget-bar");
        if (bar) bar.style.setProperty("--size", [frame[n]].flat().pop());
        if (slot.dataset.slot) slot.closest("tr").classList.toggle("on", Boolean(+entries[n]));
      });
      status.textContent = said.replace(/{(\w+)}/g, (_, key) => entries[key]);
    };

    const box = widget.querySelector(".widget-controls");
    box.append(...made.map(([control]) => control));
    box.addEventListener("input", show);
  }
})();

// Tables that a reader filters: rows stay that hold all the words typed and the verdict chosen.
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
