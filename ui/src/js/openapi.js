// The list of operations: filters as you type and opens what an address points to. Without it the page is complete.
const field = document.querySelector(".find-api");
const input = field.querySelector("input");
const status = document.getElementById("found");
const none = document.getElementById("none");
const chapters = [...document.querySelectorAll("[data-chapter]")].map((section) => ({
  section,
  link: document.querySelector(`.rail-nav a[href="#${section.id}"]`),
  rows: [...section.querySelectorAll(":scope > .sheet > details")].map((row) => ({
    row,
    text: `${row.querySelector("summary").textContent} ${row.querySelector(".op-in").id}`.toLowerCase(),
  })),
}));

function filter() {
  const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const { section, link, rows } of chapters) {
    let here = 0;
    for (const { row, text } of rows) {
      row.hidden = !words.every((word) => text.includes(word));
      if (!row.hidden) here += 1;
    }
    section.hidden = here === 0;
    link.hidden = here === 0;
    shown += here;
  }
  none.hidden = shown > 0;
  status.textContent = words.length > 0 ? `${shown} found` : "";
}

/** Opens the row that the address names, also where the browser does not do so by itself. */
function reveal() {
  const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  const row = target && target.closest("details.op");
  if (!row) return;
  if (row.hidden) {
    input.value = "";
    filter();
  }
  row.open = true;
  row.scrollIntoView();
}

/** The topic that is being read is marked in the rail. */
const seen = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    if (!isIntersecting) continue;
    for (const { section, link } of chapters) {
      if (section === target) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
  }
}, { rootMargin: "-10% 0px -85% 0px" });

for (const { section } of chapters) seen.observe(section);
field.hidden = false;
input.addEventListener("input", filter);
addEventListener("hashchange", reveal);
addEventListener("keydown", (event) => {
  if (event.key === "/" && !event.ctrlKey && !event.metaKey && !event.target.closest("input, textarea")) {
    event.preventDefault();
    input.focus();
  }
});
reveal();
