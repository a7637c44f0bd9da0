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
