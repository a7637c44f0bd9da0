// An exercise can be answered on the page: the notebook's cell computed the answer (exercises.py).
(() => {
  const make = (tag, properties = {}, ...children) => {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  };
  const isBool = (answer) => typeof answer === "boolean";
  const WIDE = { "，": ",", "。": ".", "（": "(", "）": ")", "【": "[", "】": "]", "－": "-", "−": "-", "／": "/" };

  // Parse the input: a number, a boolean, a list of them, otherwise a name.
  const read = (typed) => {
    let text = typed.replace(/[，。（）【】－−／]/g, (sign) => WIDE[sign]).trim();
    text = text.replace(/\b(?:torch\.)?(?:tensor|Size)\((\[[^()]*\])\)/g, "$1").replace(/(\d)_(?=\d)/g, "$1");
    if (/^[-+]?\d{1,3}(,\d{3})+(\.\d+)?$/.test(text)) text = text.replaceAll(",", "");
    const quotient = text.match(/^([-+]?[\d.]+)\s*\/\s*([\d.]+)$/);
    if (quotient) return quotient[1] / quotient[2];
    const json = text.replace(/\(/g, "[").replace(/\)/g, "]").replace(/,\s*]/g, "]").replace(/\bTrue\b/gi, "true")
      .replace(/\bFalse\b/gi, "false").replace(/\bNone\b/g, "null").replace(/(^|[[\s,])\+(?=[\d.])/g, "$1")
      .replace(/(^|[[\s,-])\.(?=\d)/g, "$10.").replace(/(\d)\.(?!\d)/g, "$1");
    for (const attempt of [json, `[${json}]`]) {
      try {
        const value = JSON.parse(attempt);
        return Array.isArray(value) && value.length === 1 && !/^\[+.*]$/.test(json) ? value[0] : unwrap(value, typed);
      } catch { /* not that */ }
    }
    return text.replace(/\(.*\)$/, "");
  };
  // (3) is 3, as in Python, and (3,) a tuple.
  const unwrap = (value, typed) =>
    Array.isArray(value) && value.length === 1 && /^\s*[(（][^,，]*[)）]\s*$/.test(typed) ? value[0] : value;

  // Nothing if the answer is right, otherwise the hint to show.
  const differs = (given, want) => {
    if (want && want.raises) {
      if (want.raises.includes(given)) return "";
      return typeof given === "string" && /^[A-Z]\w*(Error|Exception|Iteration)$/.test(given) ? "error" : "raised";
    }
    if (typeof given === "string" && /(Error|Exception)$/.test(given)) return "ran";
    if (Array.isArray(want)) {
      if (!Array.isArray(given)) return "type";
      if (given.length !== want.length) return "value";
      return want.map((one, n) => differs(given[n], one)).find(Boolean) || "";
    }
    if (typeof given !== typeof want) return "type";
    if (typeof want === "number") return Math.abs(given - want) <= 5.01e-5 ? "" : "value";
    return given === want ? "" : "value";
  };
  const kind = (want) => {
    if (Array.isArray(want)) return `[${want.map(kind).join(", ")}]`;
    return { boolean: "bool", string: "str" }[typeof want] || (Number.isInteger(want) ? "int" : "float");
  };

  let number = 0;
  for (const exercise of document.querySelectorAll(".exercise")) {
    const { answer, text } = JSON.parse(exercise.querySelector("script").textContent);
    let cell = exercise.closest(".cell"), solution = cell;
    while (solution && !solution.matches("details")) solution = solution.nextElementSibling;
    const name = `exercise-${number++}`, places = isBool(answer) ? [answer] : Array.isArray(answer) && answer.every(isBool) ? answer : [];
    const radios = places.map((_, place) => [true, false].map((value) =>
      make("input", { type: "radio", name: `${name}-${place}`, value, required: true, autocomplete: "off" })));
    const field = make("input", { type: "text", required: true, autocomplete: "off", autocapitalize: "off", spellcheck: false });
    const controls = places.length
      ? radios.map((pair, place) => make("fieldset", {},
          make("legend", {}, places.length > 1 ? `${text.answer} ${place + 1}` : text.answer),
          ...pair.map((radio) => make("label", {}, radio, make("code", {}, radio.value === "true" ? "True" : "False")))))
      : [make("label", {}, make("span", {}, text.answer), field)];
    const verdict = make("p", { className: "verdict", role: "status" });
    verdict.setAttribute("role", "status");
    const why = make("button", { type: "button", hidden: true }, text.why);
    const form = make("form", {}, ...controls, make("button", { type: "submit" }, text.submit), why, verdict);
    const open = () => {
      if (solution) solution.open = true;
    };
    why.addEventListener("click", () => {
      open();
      solution.querySelector("summary").focus();
    });
    form.addEventListener("input", () => {
      verdict.textContent = "";
      delete form.dataset.verdict;
    });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const chosen = radios.map((pair) => pair.find((radio) => radio.checked).value === "true");
      const given = !places.length ? read(field.value) : isBool(answer) ? chosen[0] : chosen;
      const hint = differs(given, answer);
      form.dataset.verdict = hint ? "wrong" : "right";
      const shown = places.length ? chosen.map((one) => (one ? "True" : "False")).join(", ") : field.value.trim();
      verdict.textContent = hint
        ? text.wrong.replace("{given}", shown).replace("{hint}", text[hint].replace("{want}", kind(answer)))
        : text.right;
      if (!hint) open();
      why.hidden = !hint || !solution;
    });
    exercise.replaceChildren(form);
  }
})();
