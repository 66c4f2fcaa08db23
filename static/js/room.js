// In the room the arrow keys lead from case to case. The links do the same without a script.
const ways = { ArrowLeft: "prev", ArrowRight: "next" };
const keepsItsKeys = "input, textarea, select, [tabindex], [contenteditable], video, svg";

document.addEventListener("keydown", (event) => {
  const way = ways[event.key];
  if (!way || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
  if (event.target instanceof Element && event.target.closest(keepsItsKeys)) return;
  const link = document.querySelector(`main a[rel="${way}"]`);
  if (link) {
    event.preventDefault();
    link.click();
  }
});
