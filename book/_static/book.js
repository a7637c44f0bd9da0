// The language switch keeps the reader's heading and remembers the choice.
document.addEventListener("click", (event) => {
  const link = event.target.closest("a.language-switch");
  if (!link) return;
  link.hash = location.hash;
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

// The theme takes the focus from a button of the header that is pressed. From the keyboard (no click is
// counted) it comes back: at once, or when the dialog that the button opened is closed.
document.addEventListener(
  "click",
  (event) => {
    const button = event.target.closest(".sidebar-toggle, .search-button, .theme-switch-button");
    if (!button || event.detail) return;
    setTimeout(() => {
      const dialog = document.querySelector("dialog[open]");
      if (dialog) dialog.addEventListener("close", () => button.focus(), { once: true });
      else button.focus();
    });
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
