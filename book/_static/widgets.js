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
