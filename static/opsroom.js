// Keys, hold-to-confirm, countdowns and conditional polling. Every page works without this file.

const typing = (element) =>
  element.closest?.("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]") !== null;

const shown = (element) => element.checkVisibility() && !element.disabled;

const rows = () => [...document.querySelectorAll(".rows .open")].filter(shown);

function chosenRow() {
  const list = rows();
  const focused = list.find((link) => link.closest("li").contains(document.activeElement));
  return focused ?? list.find((link) => link.closest(".row").classList.contains("chosen"));
}

function move(step) {
  const list = rows();
  const at = list.indexOf(chosenRow());
  const next = list[at === -1 ? 0 : Math.min(Math.max(at + step, 0), list.length - 1)];
  next?.focus();
  next?.scrollIntoView({ block: "nearest" });
}

// The element that a key stands for; `Enter` on a focused link or button is the browser's own.
function press(key) {
  const target = [...document.querySelectorAll(`[data-key="${key}"]`)].find(shown);
  const row = chosenRow();
  const isElsewhere = row && row.contains(document.activeElement) && !row.closest(".row").classList.contains("chosen");
  if ("aerh".includes(key) && row && (!target || isElsewhere)) return void row.click();
  if (!target) return;
  if (target.matches("input, textarea")) target.select();
  else if (!target.dataset.opens) target.focus();
  if (!target.matches("input[type=search]")) target.click();
}

function close() {
  const open = [...document.querySelectorAll("details.menu[open]")].find(shown);
  if (open) {
    open.open = false;
    return void open.querySelector("summary").focus();
  }
  document.querySelector(".card .back, [data-key=Escape]")?.click();
}

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !document.querySelector("dialog[open]")) {
    if (typing(event.target)) return void event.target.blur();
    if (document.body.dataset.keys !== "off" || document.querySelector("details.menu[open]")) return close();
  }
  if (document.body.dataset.keys !== "on" || event.isComposing || event.repeat && !"jk".includes(event.key)) return;
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
  if (document.querySelector("dialog[open]")) return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (key === "j" || key === "k") move(key === "j" ? 1 : -1);
  else if (key === "x") chosenRow()?.closest(".row").querySelector(".pick input")?.click();
  else if ("aerhu/?".includes(key)) press(key);
  else return;
  event.preventDefault();
});

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-opens]");
  if (opener) document.getElementById(opener.dataset.opens).showModal();
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
  const link = event.target.closest(".rows .open");
  if (link) markChosen(link);
});

function markChosen(link) {
  for (const row of document.querySelectorAll(".row.chosen")) row.classList.remove("chosen");
  link.closest(".row").classList.add("chosen");
}

// A button above the one-click limit is held with the pointer, or pressed twice with the keyboard.
const HOLD_MS = 900;
const ARMED_MS = 5000;
let holding = null;
let isHeld = false;

document.addEventListener("pointerdown", (event) => {
  const button = event.target.closest("[data-hold]");
  if (!button) return;
  button.classList.add("holding");
  holding = setTimeout(() => {
    isHeld = true;
    button.click();
    isHeld = false;
  }, HOLD_MS);
});

for (const name of ["pointerup", "pointercancel", "pointerout"]) {
  document.addEventListener(name, (event) => {
    const button = document.querySelector(".holding");
    if (!button || (name === "pointerout" && button.contains(event.relatedTarget))) return;
    clearTimeout(holding);
    button.classList.remove("holding");
  });
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-hold]");
  if (!button || isHeld || "armed" in button.dataset) return;
  event.preventDefault();
  event.stopPropagation();
  if (event.detail === 0) button.dataset.armed = "";
  const label = button.querySelector(".label");
  label.dataset.text ??= label.textContent;
  label.textContent = event.detail === 0 ? "Press again to approve" : "Hold to approve";
  setTimeout(() => {
    delete button.dataset.armed;
    label.textContent = label.dataset.text;
  }, ARMED_MS);
}, true);

// How long the card was in front of the person goes with the approval.
let cardSince = performance.now();

// An unchanged poll is answered with 304 and swaps nothing.
document.addEventListener("htmx:configRequest", (event) => {
  const { elt, headers, parameters } = event.detail;
  if (elt.dataset.etag && elt.dataset.poll !== undefined) headers["If-None-Match"] = elt.dataset.etag;
  if (parameters.has?.("seconds")) parameters.set("seconds", seconds());
});

document.addEventListener("submit", (event) => {
  const field = event.target.elements.namedItem("seconds");
  if (field) field.value = seconds();
}, true);

// A row that somebody else moved keeps its place in the list, its tick and whether it is the open one.
document.addEventListener("htmx:oobBeforeSwap", (event) => {
  const { target, fragment } = event.detail;
  const fresh = fragment.firstElementChild;
  if (!target.querySelector(":scope > .row") || !fresh) return;
  if (target.querySelector(".row.chosen")) fresh.querySelector(".row").classList.add("chosen");
  const tick = fresh.querySelector(".pick input");
  if (tick) tick.checked = target.querySelector(".pick input")?.checked ?? false;
});

// The challenge of the passkey is made from the digest that the page shows.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-passkey]");
  if (!button) return;
  const options = JSON.parse(document.getElementById(button.dataset.passkey).textContent);
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options.publicKey);
  try {
    const credential = await navigator.credentials.get({ publicKey });
    button.form.elements.credential.value = JSON.stringify(credential);
    button.form.requestSubmit();
  } catch {
    button.textContent = "The passkey was not used. Try again";
  }
});

const seconds = () => ((performance.now() - cardSince) / 1000).toFixed(1);

document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target.id !== "pane") return;
  const card = event.detail.target.querySelector(".card");
  if (!card) return;
  cardSince = performance.now();
  document.title = card.dataset.title;
  event.detail.target.scrollTop = 0;
  event.detail.target.querySelector("h1")?.focus({ preventScroll: true });
});

document.addEventListener("htmx:responseError", (event) => {
  const status = event.detail.xhr.status;
  document.getElementById("trouble")?.replaceChildren(`The server answered ${status}. Nothing was decided; try again.`);
});

document.addEventListener("htmx:sendError", () => {
  document.getElementById("trouble")?.replaceChildren("No connection. Nothing was decided; try again when you are back.");
});

function tick() {
  for (const clock of document.querySelectorAll("[data-until]")) {
    const left = Math.ceil((Date.parse(clock.dataset.until) - Date.now()) / 1000);
    clock.textContent = left > 0 ? `${left} s` : "now";
  }
}

for (const hidden of document.querySelectorAll("[data-opens][hidden], [data-passkey][hidden]")) hidden.hidden = false;
setInterval(tick, 1000);
tick();
