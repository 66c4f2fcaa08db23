// A page that is left open goes when its session ends, so that nobody reads on in an empty chair. It asks the server,
// since the session may have gone on in another window; the asking prolongs nothing. What was typed comes along.
const lasts = Number(document.body.dataset.session); // seconds; none where nobody is signed in
const windows = new BroadcastChannel("pons-session");
let typedIn = null;
let timer = 0;

document.addEventListener("input", (event) => {
  typedIn = event.target.form ?? typedIn;
});

function askAfter(seconds) {
  clearTimeout(timer);
  timer = setTimeout(ask, (seconds + 1) * 1000);
}

async function ask() {
  let left = 60; // without an answer it asks again in a minute
  try {
    const answer = await fetch("/session");
    if (answer.ok) left = Number(await answer.text());
  } catch {}
  if (left > 0) askAfter(left);
  else leave();
}

function leave() {
  if (typedIn?.isConnected && typedIn.getAttribute("method") === "post") HTMLFormElement.prototype.submit.call(typedIn);
  else location.replace(location.pathname + location.search);
}

if (lasts) {
  askAfter(lasts);
  windows.addEventListener("message", ask);
} else {
  windows.postMessage("nobody is signed in"); // somebody has signed out here: the other windows ask at once
}
