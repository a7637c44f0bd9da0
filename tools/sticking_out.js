// The elements that stick out of a page of this width. A phone's window grows with the page,
// so that its width says nothing: the elements are asked. What scrolls inside a box of its own
// may be wider than it.
(width) => {
  const boxed = (e) => e.parentElement && (e.parentElement === document.body ? false
    : getComputedStyle(e.parentElement).overflowX !== "visible" || boxed(e.parentElement));
  return [...document.querySelectorAll("body *")].filter((e) => {
    const box = e.getBoundingClientRect();
    return box.width && box.height && (box.right > width + 1 || box.left < -1)
      && e.checkVisibility({ visibilityProperty: true }) && !boxed(e);
  }).map((e) => e.outerHTML.slice(0, 120));
}
