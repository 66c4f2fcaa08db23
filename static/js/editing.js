// The editing pages, made quicker. Everything here also works without: the same buttons send the form.

const form = document.querySelector("[data-editing]");
const status = document.getElementById("saved");
const PAUSE = 3000; // milliseconds without a key before the draft saves itself

// Rows: added and taken out without a round trip

function number(list) {
  list.querySelectorAll("[data-row]").forEach((row, index) => {
    row.querySelectorAll("[data-number]").forEach((place) => (place.textContent = index + 1));
  });
}

function addRow(list) {
  const name = list.dataset.rows;
  const used = [...list.querySelectorAll("[data-remove]")].map((button) => Number(button.value));
  const pattern = document.querySelector(`[data-pattern="${name}"]`).innerHTML;
  const next = Math.max(-1, Number(list.dataset.last ?? -1), ...used) + 1;
  list.dataset.last = next;
  list.querySelector("[data-add]").insertAdjacentHTML("beforebegin", pattern.replaceAll("__row__", next));
  number(list);
  document.getElementById(`${name}-${next}`).querySelector("input, select").focus();
}

function removeRow(list, row) {
  const name = row.querySelector("legend").textContent.trim();
  const place = document.createElement("p");
  place.className = "pons-removed";
  const undo = Object.assign(document.createElement("button"), { type: "button", textContent: "Put it back" });
  undo.className = "pons-link-button";
  undo.addEventListener("click", () => {
    place.replaceWith(row);
    number(list);
    row.querySelector("input, select").focus();
    changed();
  });
  place.append(`${name} removed. `, undo);
  row.replaceWith(place);
  number(list);
  undo.focus();
  changed();
}

form.addEventListener("click", (event) => {
  const button = event.target.closest("[data-add], [data-remove]");
  if (!button) return;
  event.preventDefault();
  const list = button.closest("[data-rows]");
  if (button.matches("[data-add]")) addRow(list);
  else removeRow(list, button.closest("[data-row]"));
});

// The draft saves itself after a pause, and before one leaves

// Text that is not saved yet, or stands against another version, is saved by hand only.
let failed = form.dataset.editing === "by hand";
let dirty = failed;
let saving = null;
let timer = 0;

function changed() {
  dirty = true;
  clearTimeout(timer);
  timer = setTimeout(save, PAUSE);
}

function take(page, id) {
  document.getElementById(id).replaceChildren(...page.getElementById(id).childNodes);
}

async function send(keepalive) {
  dirty = false;
  const answer = await fetch(form.action, {
    method: "POST",
    body: new FormData(form),
    headers: { "Pons-Autosave": "1" },
    keepalive,
  });
  if (!answer.ok) throw new Error(String(answer.status));
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  form.elements.opened.value = page.querySelector("[name=opened]").value;
  ["now", "sections", "saved"].forEach((id) => take(page, id));
  failed = false;
}

const REFUSED = {
  401: "Not saved: your session has ended. Press Save; you can sign in again and your text comes along.",
  409: "Not saved: this section was saved elsewhere meanwhile. Press Save to see both.",
  413: "Not saved: this is too much text.",
};

async function save(keepalive = false) {
  clearTimeout(timer);
  await saving;
  if (!dirty || failed) return;
  saving = send(keepalive === true)
    .catch((error) => {
      failed = dirty = true;
      status.textContent = REFUSED[error.message] ?? "Not saved: no answer. Press Save.";
    })
    .finally(() => (saving = null));
  await saving;
}

form.addEventListener("input", changed);
addEventListener("pagehide", () => save(true));
addEventListener("beforeunload", (event) => {
  if (dirty && failed) event.preventDefault();
});

// A form that is sent waits for a save that is under way: its mark of what it was opened with would be old.
form.addEventListener("submit", async (event) => {
  clearTimeout(timer);
  if (saving) {
    event.preventDefault();
    await saving;
    form.requestSubmit(event.submitter);
    return;
  }
  dirty = false;
});

// A link followed with unsaved text waits until it is saved, so that the next page knows it.
document.addEventListener("click", async (event) => {
  const link = event.target.closest("a[href]");
  if (link?.matches("[data-discard]")) dirty = false;
  if (!link || !dirty || failed || link.getAttribute("href").startsWith("#") || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  await save();
  location.assign(link.href);
});
