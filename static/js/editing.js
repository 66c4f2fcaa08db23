// The editing pages, made quicker. Everything here also works without: the same buttons send the form.

const form = document.querySelector("[data-editing]");

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

const PAUSE = 2000; // milliseconds without a key before the draft saves itself
const AGAIN = [2, 4, 8, 15, 30, 60]; // seconds until a save that found no connection is tried once more
const CARRIED = 60000; // a browser takes no more bytes than this along when a page is left

const line = document.getElementById("saved-line");
const drawn = document.getElementById("course-picture"); // it comes again only where it looks different
const NO_ANSWER = "Not saved: no connection. Your text is kept in this page; it is tried again.";
const ELSEWHERE = "Not saved: this section was saved elsewhere meanwhile. Choose above which text to keep.";
const REFUSED = {
  401: "Not saved: your session has ended. Press Save; you can sign in again and your text comes along.",
  413: "Not saved: this is too much text.",
};

let byHand = form.dataset.editing === "by hand"; // nothing is stored until a person has chosen
let dirty = byHand;
let saving = null;
let tries = 0; // how often in a row there was no answer
let timer = 0;

function say(words) {
  if (line.textContent.trim() !== words) line.textContent = words; // what is said again is not read out again
}

function changed() {
  dirty = true;
  if (tries === 0) plan(PAUSE);
}

function plan(milliseconds) {
  clearTimeout(timer);
  timer = setTimeout(save, milliseconds);
}

// The answer brings the parts around the form. They are laid over what is there, so that the focus stays.
async function take(answer) {
  const opened = answer.headers.get("Pons-Opened");
  if (opened === null) return false;
  form.elements.opened.value = opened;
  drawn.dataset.picture = answer.headers.get("Pons-Picture");
  await window.htmx?.swap({ text: await answer.text(), sourceElement: form, swap: "none" });
  return true;
}

async function send(keepalive) {
  dirty = false; // what is typed from here on is for the next save
  const headers = { "Pons-Autosave": "1", "Pons-Picture": drawn.dataset.picture };
  let answer;
  try {
    answer = await fetch(form.action, { method: "POST", body: new FormData(form), headers, keepalive });
  } catch {
    return wait();
  }
  if (answer.status >= 500) return wait();
  tries = 0;
  const taken = await take(answer);
  if (answer.ok && taken) return;
  byHand = dirty = true;
  const why = taken ? ELSEWHERE : REFUSED[answer.status];
  say(why ?? "Not saved. Press Save to see why; your text comes along.");
}

function wait() {
  dirty = true;
  say(NO_ANSWER);
  plan(AGAIN[Math.min(tries, AGAIN.length - 1)] * 1000);
  tries += 1;
}

async function save(keepalive = false) {
  clearTimeout(timer);
  while (saving) await saving;
  if (!dirty || byHand) return;
  saving = send(keepalive === true).finally(() => (saving = null));
  await saving;
}

function size() {
  return [...new FormData(form)].reduce((sum, [name, text]) => sum + name.length + 3 * text.length + 120, 0);
}

form.addEventListener("input", changed);
addEventListener("online", () => tries > 0 && save());
addEventListener("pagehide", () => save(true));
addEventListener("beforeunload", (event) => {
  if (dirty && (byHand || tries > 0 || size() > CARRIED)) event.preventDefault();
});

// A button that is pressed first saves what was typed: without a connection the page stays, with the text in it.
let through = false;
form.addEventListener("submit", async (event) => {
  clearTimeout(timer);
  if (!through && (saving || (dirty && !byHand))) {
    event.preventDefault();
    await save();
    if (tries > 0) return;
    through = true;
    const pressed = event.submitter;
    form.requestSubmit(pressed?.isConnected === false ? document.getElementById(pressed.id) : pressed);
    return;
  }
  through = false;
  dirty = false;
});

// A link followed with unsaved text waits until it is saved, so that the next page knows it.
document.addEventListener("click", async (event) => {
  const link = event.target.closest("a[href]");
  if (!link) return;
  if (link.matches("[data-discard]")) dirty = false;
  if (link.getAttribute("href").startsWith("#")) return;
  if (!dirty || byHand || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  await save();
  if (!dirty) location.assign(link.href);
});

// Where a link to a field leads, one can type

function goTo(hash) {
  const target = document.getElementById(hash.slice(1));
  if (!target?.matches("input, select, textarea, button")) return;
  target.closest("details")?.setAttribute("open", "");
  target.focus();
}

addEventListener("hashchange", () => goTo(location.hash));
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[href^='#']");
  if (link) setTimeout(() => goTo(link.hash));
});
goTo(location.hash);

// The picture stays open or shut as one left it; in the hand it begins shut

const picture = document.getElementById("course");
const SHUT = "pons-course-shut";
const narrow = matchMedia("(max-width: 40em)").matches;
picture.open = (localStorage.getItem(SHUT) ?? String(narrow)) === "false";
// A click comes before the change: what is open now is shut by it. What the page itself opens is not remembered.
picture.querySelector("summary").addEventListener("click", () => localStorage.setItem(SHUT, String(picture.open)));
