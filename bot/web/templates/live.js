// Shows the page anew while somebody looks at it. What was opened stays open, what has the focus keeps it, and a page
// that takes long is asked for less often.
const main = document.querySelector("main"), stale = document.querySelector("#stale");
const stops = () => [...main.querySelectorAll("a, summary")];
const folds = () => [...main.querySelectorAll("details")].map(each => [each.firstElementChild.textContent, each]);

function show(text) {
  const open = new Map(folds().map(([name, each]) => [name, each.open]));
  const at = stops().indexOf(document.activeElement);
  main.innerHTML = text;
  folds().forEach(([name, each]) => { each.open = open.has(name) ? open.get(name) : each.open; });
  stops()[at]?.focus({ preventScroll: true });
}

async function look() {
  const began = performance.now();
  if (!document.hidden && getSelection().isCollapsed) {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } }).catch(() => null);
    const page = answer?.ok && new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("main");
    const missing = page ? "" : "The server does not answer as it should; what is shown here is what it said last.";
    if (stale.textContent !== missing) stale.textContent = missing;
    if (page && page.innerHTML !== shown) show(shown = page.innerHTML);
  }
  setTimeout(look, Math.max(5000, 20 * (performance.now() - began)));
}
let shown = main.innerHTML;
setTimeout(look, 5000);
