// Keeps an element with data-live up to date: it hears from the live process that something has
// changed, and lets htmx fetch the element's hx-get (its hx-trigger is "usage-changed").
// data-live is the address that names where to listen. While nothing can be heard, it asks each second.
const AT_MOST_EVERY = 500; // milliseconds between two fetches after changes
const ASK_EVERY = 1000; // without a stream
const LONGEST_PAUSE = 60_000; // before it tries to listen again
const LEAVING = 10_000; // milliseconds without a fetch once another page is on its way
let source = null;
let asking = 0;
let waiting = 0;
let last = 0;
let pause = 1000;
let retry = 0;
let quietUntil = 0;

function fetchNow() {
  waiting = 0;
  if (Date.now() < quietUntil) return;
  last = Date.now();
  document.querySelector("[data-live]")?.dispatchEvent(new Event("usage-changed"));
}

function changed() {
  if (waiting || document.hidden) return;
  waiting = setTimeout(fetchNow, Math.max(0, last + AT_MOST_EVERY - Date.now()));
}

function ask(on) {
  if (on && !asking) asking = setInterval(() => document.hidden || fetchNow(), ASK_EVERY);
  if (!on && asking) asking = clearInterval(asking) ?? 0;
}

function lost() {
  source?.close();
  source = null;
  ask(true);
  if (!retry && !document.hidden) retry = setTimeout(listen, pause);
  pause = Math.min(pause * 2, LONGEST_PAUSE);
}

async function listen() {
  retry = 0;
  const element = document.querySelector("[data-live]");
  if (!element || source) return;
  let url = "";
  try {
    const answer = await fetch(element.dataset.live, { headers: { "HX-Request": "true" } });
    url = answer.ok ? (await answer.json()).url : "";
  } catch {
    // Offline: asking goes on.
  }
  if (!url || source) return lost();
  source = new EventSource(url);
  source.addEventListener("open", () => {
    pause = 1000;
    ask(false);
    changed(); // what happened before it could be heard
  });
  source.addEventListener("changed", changed);
  // Also when the token has ended, after some minutes: then a new one is fetched.
  source.addEventListener("error", lost);
}

// What somebody has opened stays open when the part around it is replaced.
let opened = [];
document.addEventListener("htmx:beforeSwap", (event) => {
  opened = [...event.target.querySelectorAll("details[open][id]")].map((each) => each.id);
});
document.addEventListener("htmx:afterSettle", () => {
  for (const id of opened.splice(0)) document.getElementById(id)?.setAttribute("open", "");
});

// Who signs out is led to where that is said. A fetch meanwhile would be refused, and lead to sign-in.
// (After a download the page is still there, and goes on.)
addEventListener("beforeunload", () => {
  quietUntil = Date.now() + LEAVING;
  const abort = new CustomEvent("htmx:abort", { bubbles: true, detail: {} }); // of one under way
  document.querySelector("[data-live]")?.dispatchEvent(abort);
});

document.addEventListener("visibilitychange", () => {
  if (document.hidden) {
    source?.close(); // a browser keeps few connections to one place open: leave them to what is seen
    source = null;
    ask(false);
    clearTimeout(retry);
    retry = 0;
  } else {
    ask(true);
    listen();
    changed();
  }
});

ask(true); // until it can be heard
listen();
