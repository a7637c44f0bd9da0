// Interactive figures, on the site and in notebooks. A widget holds every result that its notebook's cell
// computed; the controls choose one of them, and it is written into the table. Only the plane is calculated here.
(() => {
  const make = (tag, properties = {}, ...children) => {
    const element = Object.assign(document.createElement(tag), properties);
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

  // The plane: the columns of W and b are handles in the picture, and numbers next to it.
  const plane = (widget, [weight, bias], show) => {
    const draw = (tag, attributes, parent) => {
      const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
      for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
      parent.append(element);
      return element;
    };
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("viewBox", "-4 -4 8 8");
    svg.ariaHidden = "true";
    const map = (x, y) => weight.map((row, n) => row[0] * x + row[1] * y + bias[n]);
    const at = (x, y) => { const [left, up] = map(x, y); return `${left} ${-up}`; };
    const line = (d, className) => draw("path", { d, class: className }, svg);
    const range = [-4, -3, -2, -1, 0, 1, 2, 3, 4];
    line(range.map((k) => `M${k}-4V4M-4 ${k}H4`).join(""), "still");
    line("M0-4V4M-4 0H4", "axes");
    const grid = line("", "grid"), square = line("", "square");
    const arrows = ["b", "e1", "e2"].map((name) => line("", `arrow ${name}`));
    const handles = [[0, 0], [1, 0], [0, 1]].map(([x, y], n) => {
      const handle = draw("circle", { r: 0.2, class: "handle" }, svg);
      const name = draw("text", {}, svg);
      name.textContent = ["b", "e₁", "e₂"][n];
      handle.addEventListener("pointerdown", (event) => {
        event.preventDefault();
        handle.setPointerCapture(event.pointerId);
      });
      handle.addEventListener("pointermove", (event) => {
        if (!handle.hasPointerCapture(event.pointerId)) return;
        const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
        const tenth = (number) => Math.round(10 * Math.max(-3.8, Math.min(3.8, number))) / 10;
        [tenth(point.x), tenth(-point.y)].forEach((value, row) => {
          if (n) weight[row][n - 1] = +(value - bias[row]).toFixed(1);
          else bias[row] = value;
        });
        update();
      });
      return [handle, name, x, y];
    });
    const input = (name, list, place) => {
      const element = make("input", { type: "number", step: 0.1, value: list[place], ariaLabel: name, autocomplete: "off" });
      element.addEventListener("input", () => { list[place] = +element.value || 0; update(element); });
      return [element, list, place];
    };
    const inputs = [0, 1].flatMap((row) =>
      [input(`W[${row}, 0]`, weight[row], 0), input(`W[${row}, 1]`, weight[row], 1), input(`b[${row}]`, bias, row)]);
    const fixed = (number) => (Math.round(100 * number) / 100 + 0).toFixed(2);
    const update = (typing) => {
      for (const [element, list, place] of inputs) if (element !== typing) element.value = +list[place].toFixed(2);
      const path = (x, y, s, t) => `M${at(x, y)}L${at(s, t)}`;
      grid.setAttribute("d", range.map((k) => path(k, -4, k, 4) + path(-4, k, 4, k)).join(""));
      square.setAttribute("d", `M${at(0, 0)}L${at(1, 0)}L${at(1, 1)}L${at(0, 1)}Z`);
      arrows.forEach((arrow, n) => arrow.setAttribute("d", n ? path(0, 0, n === 1, n === 2) : `M0 0L${at(0, 0)}`));
      for (const [handle, name, x, y] of handles) {
        const [left, up] = map(x, y);
        handle.setAttribute("cx", left);
        handle.setAttribute("cy", -up);
        name.setAttribute("x", left + 0.28);
        name.setAttribute("y", -up - 0.22);
      }
      const [[a, b], [c, d]] = weight;
      const places = [map(1, 0), map(0, 1), bias].map((point) => `(${point.map(fixed).join(", ")})`);
      show([...places, fixed(Math.abs(a * d - b * c))]);
    };
    const elements = inputs.map(([element]) => element);
    const table = make("div", { className: "widget-numbers" }, make("span", {}, "W"), make("span"), make("span", {}, "b"), ...elements);
    widget.querySelector(".widget-controls").append(svg, table);
    update();
  };

  // The map: a canvas, because a thousand elements would be slow.
  const wordMap = (widget, data, status) => {
    const words = data.words.split(" "), names = Object.keys(data.planes), { text } = data;
    const planes = names.map((name) => words.map((_, n) => [0, 3].map((k) => +data.planes[name].substr(6 * n + k, 3))));
    const near = (n) => [0, 2, 4].map((k) => parseInt(data.near.substr(6 * n + k, 2), 36));
    const [choice, chosenPlane] = makers.choice({ label: text.plane_of, names, start: 0 });
    const find = make("input", { type: "search", autocomplete: "off", spellcheck: false });
    const button = (label, sign, by) => {
      const element = make("button", { type: "button", ariaLabel: label, title: label }, sign);
      element.addEventListener("click", () => zoom(by));
      return element;
    };
    const canvas = make("canvas", { tabIndex: 0, ariaLabel: widget.ariaLabel });
    canvas.setAttribute("role", "application");
    const list = make("datalist", { id: `widget-words-${groups++}` }, ...words.slice().sort().map((value) => make("option", { value })));
    find.setAttribute("list", list.id);
    const search = make("label", { className: "widget-find" }, make("span", {}, text.find), find, list);
    const zooms = make("div", { className: "widget-zoom" }, button(text.out, "−", 1 / 1.6), button(text.in, "+", 1.6));
    widget.querySelector(".widget-controls").append(choice, search, zooms, canvas);
    let scale = 1, centre = [500, 500], word = -1, waiting = false, shown = [];

    const paint = () => {
      waiting = false;
      const width = canvas.clientWidth, height = canvas.clientHeight, dense = devicePixelRatio || 1;
      canvas.width = width * dense;
      canvas.height = height * dense;
      const pen = canvas.getContext("2d"), style = getComputedStyle(widget);
      const colour = { ink: style.color, quiet: getComputedStyle(status).color, mark: style.getPropertyValue("--widget-mark"), paper: style.getPropertyValue("--widget-paper") };
      const points = planes[chosenPlane()], unit = (scale * Math.min(width, height)) / 1060;
      const place = (n) => [width / 2 + unit * (points[n][0] - centre[0]), height / 2 - unit * (points[n][1] - centre[1])];
      pen.scale(dense, dense);
      pen.textBaseline = "middle";
      pen.lineWidth = 2;
      const arrow = (from, to, dash) => {
        const turn = Math.atan2(to[1] - from[1], to[0] - from[0]);
        pen.strokeStyle = colour.mark;
        pen.setLineDash(dash);
        pen.beginPath();
        pen.moveTo(...from);
        pen.lineTo(...to);
        pen.stroke();
        if (dash.length) return;
        pen.beginPath();
        for (const side of [2.7, 0, -2.7]) pen.lineTo(to[0] + 9 * Math.cos(turn + side) * !!side, to[1] + 9 * Math.sin(turn + side) * !!side);
        pen.stroke();
      };
      const taken = [];
      shown = [];
      const write = (n, important) => {
        const [x, y] = place(n);
        if (x < 0 || y < 0 || x > width || y > height) return;
        shown.push([n, x, y]);
        pen.font = `${important ? "600 14px" : "12px"} system-ui, sans-serif`;
        const long = pen.measureText(words[n]).width, left = important && x + long + 9 > width ? x - long - 6 : x + 6;
        const box = [left - 3, y - 7, left + long + 3, y + 7];
        const free = box[2] < width && taken.every((other) => box[0] > other[2] || box[2] < other[0] || box[1] > other[3] || box[3] < other[1]);
        pen.fillStyle = important ? colour.mark : colour.quiet;
        pen.beginPath();
        pen.arc(x, y, important ? 3.5 : 1.4, 0, 7);
        pen.fill();
        if (!free && !important) return;
        taken.push(box);
        if (important) {
          pen.strokeStyle = colour.paper;
          pen.lineWidth = 4;
          pen.strokeText(words[n], left, y);
          pen.lineWidth = 2;
        }
        pen.fillStyle = colour.ink;
        pen.fillText(words[n], left, y);
      };
      const arrows = data.arrows[names[chosenPlane()]].map((pair) => pair.map((one) => words.indexOf(one)));
      for (const [from, to] of arrows) arrow(place(from), place(to), []);
      if (word >= 0) for (const other of near(word)) arrow(place(word), place(other), [3, 3]);
      const first = new Set([...(word >= 0 ? [word, ...near(word)] : []), ...arrows.flat()]);
      first.forEach((n) => write(n, true));
      words.forEach((_, n) => first.has(n) || write(n, false));
    };
    const draw = () => {
      if (!waiting) requestAnimationFrame(paint);
      waiting = true;
    };
    const move = (right, up) => {
      centre = [centre[0] + right, centre[1] + up].map((value) => Math.max(0, Math.min(1000, value)));
      draw();
    };
    const zoom = (by) => {
      scale = Math.max(1, Math.min(16, scale * by));
      if (scale === 1) centre = [500, 500];
      canvas.style.touchAction = scale > 1 ? "none" : "";
      draw();
    };
    const choose = (n) => {
      word = n;
      status.textContent = text.near.replace("{word}", words[n]).replace("{near}", near(n).map((other) => words[other]).join(", "));
      draw();
    };
    find.addEventListener("input", () => {
      const typed = find.value.trim().toLowerCase(), n = words.indexOf(typed);
      if (n >= 0) {
        scale = Math.max(scale, 3);
        [centre] = [planes[chosenPlane()][n]];
        choose(n);
      } else if (typed && !words.some((other) => other.startsWith(typed))) status.textContent = text.absent.replace("{word}", typed);
    });
    choice.addEventListener("input", () => {
      if (word >= 0 && scale > 1) centre = planes[chosenPlane()][word];
      draw();
    });
    let down = null;
    canvas.addEventListener("pointerdown", ({ clientX, clientY }) => (down = [clientX, clientY, false]));
    canvas.addEventListener("pointermove", ({ clientX, clientY, buttons }) => {
      if (!down || !buttons) return;
      const unit = (scale * Math.min(canvas.clientWidth, canvas.clientHeight)) / 1060;
      const far = down[2] || Math.hypot(clientX - down[0], clientY - down[1]) > 4;
      if (!far || scale === 1) return;
      move((down[0] - clientX) / unit, (clientY - down[1]) / unit);
      down = [clientX, clientY, true];
    });
    canvas.addEventListener("pointerup", ({ offsetX, offsetY }) => {
      const close = ([, x, y]) => Math.hypot(x - offsetX + 10, y - offsetY);
      const [best] = shown.sort((one, other) => close(one) - close(other));
      if (down && !down[2] && best && close(best) < 40) choose(best[0]);
      down = null;
    });
    canvas.addEventListener("wheel", (event) => {
      if (!event.ctrlKey) return;  // otherwise the map would stop the page from scrolling
      event.preventDefault();
      zoom(event.deltaY < 0 ? 1.2 : 1 / 1.2);
    }, { passive: false });
    canvas.addEventListener("keydown", (event) => {
      const step = 80 / scale;
      const keys = {
        ArrowLeft: () => move(-step, 0), ArrowRight: () => move(step, 0), ArrowUp: () => move(0, step), ArrowDown: () => move(0, -step),
        "+": () => zoom(1.6), "=": () => zoom(1.6), "-": () => zoom(1 / 1.6),
      };
      if (!keys[event.key]) return;
      event.preventDefault();
      keys[event.key]();
    });
    new ResizeObserver(draw).observe(canvas);
    new MutationObserver(draw).observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
  };

  for (const widget of document.querySelectorAll(".widget:not([data-live])")) {
    widget.dataset.live = "";
    const data = JSON.parse(widget.querySelector("script").textContent);
    const { controls, said, frames } = data;
    const slots = widget.querySelectorAll("[data-slot]");
    const status = widget.querySelector("[role=status]");
    const terms = widget.querySelectorAll(".term");

    const write = (frame, entries = { ...frame }) => {
      slots.forEach((slot, n) => {
        slot.textContent = entries[n];
        const bar = slot.closest(".widget-bar");
        if (bar) bar.style.setProperty("--size", [frame[n]].flat().pop());
        if (slot.dataset.slot) slot.closest("tr").classList.toggle("on", Boolean(+entries[n]));
      });
      status.textContent = said.replace(/{(\w+)}/g, (_, key) => entries[key]);
    };
    if (data.plane) {
      plane(widget, data.plane, write);
      continue;
    }
    if (data.words) {
      wordMap(widget, data, status);
      continue;
    }

    const made = controls.map((control) => makers[control.kind](control));
    const show = () => {
      const places = made.map(([, chosen]) => chosen());
      const frame = frames[places.reduce((sum, place, n) => sum * controls[n].names.length + place, 0)];
      const entries = { ...frame.map((entry) => [entry].flat()[0]) };
      places.forEach((place, n) => (entries["abc"[n]] = controls[n].names[place]));
      write(frame, entries);
      terms.forEach((term, n) =>  // add up the sum row by row
        matchMedia("(prefers-reduced-motion: reduce)").matches ||
        term.animate({ opacity: [0, 1] }, { duration: 350, delay: 300 * n, fill: "backwards" }));
    };

    const box = widget.querySelector(".widget-controls");
    box.append(...made.map(([control]) => control));
    box.addEventListener("input", show);
  }
})();
