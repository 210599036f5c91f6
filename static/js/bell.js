// The bell. Its count stays up to date without a reload: the live process says that something came, then
// the page asks what. And its list opens in place. Without this it is a link to the page of the list.
const ASK_EVERY = 60_000; // milliseconds, while nothing can be heard
const FIRST_PAUSE = 2000; // before it tries to listen again; doubled up to ASK_EVERY
const ON_ITS_WAY = 2; // seconds
const bells = [...document.querySelectorAll("[data-bell]")];
const first = bells[0];
const said = document.createElement("p"); // read aloud when something comes
let source = null;
let listenAt = first?.dataset.listen ?? "";
let pause = FIRST_PAUSE;
let again = 0;
let at = Number(first?.dataset.at ?? 0); // seconds, by the server's clock: what came before is no news
let told = ""; // the one that was read aloud last
let opened = null; // { bell, panel }

function show(state) {
  for (const bell of bells) {
    const count = bell.querySelector(".bell__count");
    count.textContent = state.count;
    count.hidden = !state.count;
    bell.querySelector(".bell__link").setAttribute("aria-label", state.words);
  }
}

async function ask() {
  const answer = await fetch(first.dataset.news, { headers: { "HX-Request": "true" } });
  if (!answer.ok || !answer.headers.get("Content-Type")?.includes("json")) return false;
  const state = await answer.json();
  const { newest } = state;
  // It may have been on its way into the table when the page was made.
  if (newest && newest.at > at - ON_ITS_WAY && newest.id !== told) {
    said.textContent = `${first.dataset.arrived} ${newest.title}`;
    told = newest.id;
  }
  ({ at, listen: listenAt } = state);
  show(state);
  if (opened) await fill(opened.bell, { keep: true });
  return true;
}

// Listening. A browser keeps few connections to one place open: a page that is not seen has none.
function listen() {
  again = 0;
  if (source || document.hidden) return;
  if (!listenAt) return later(ASK_EVERY);
  source = new EventSource(listenAt);
  source.addEventListener("open", () => (pause = FIRST_PAUSE));
  source.addEventListener("changed", () => ask().catch(() => {}));
  source.addEventListener("error", lost); // also when the token has ended, after some minutes
}

function lost() {
  source?.close();
  source = null;
  later(pause);
  pause = Math.min(pause * 2, ASK_EVERY);
}

function later(milliseconds) {
  if (!again && !document.hidden) again = setTimeout(askAndListen, milliseconds);
}

function askAndListen() {
  again = 0;
  ask().catch(() => (listenAt = "")).finally(listen);
}

document.addEventListener("visibilitychange", () => {
  if (!first) return;
  clearTimeout(again);
  again = 0;
  if (!document.hidden) return askAndListen();
  source?.close();
  source = null;
});

// The list, in place.
async function fill(bell, { keep = false, answer = null } = {}) {
  answer ??= await fetch(bell.dataset.panel, { headers: { "HX-Request": "true" } });
  const text = answer.ok && !answer.redirected ? await answer.text() : "";
  if (!text.includes("bell__head")) return location.assign(bell.querySelector("a").href);
  if (opened?.bell !== bell) return;
  const { panel } = opened;
  const key = panel.contains(document.activeElement) ? document.activeElement.dataset.key : null;
  const had = panel.contains(document.activeElement);
  panel.innerHTML = text;
  show(panel.querySelector(".bell__head").dataset);
  const same = key && panel.querySelector(`[data-key="${key}"]`);
  if (same) same.focus();
  else if (had || !keep) panel.querySelector(".bell__title").focus();
}

function open(bell) {
  close();
  const panel = document.createElement("div");
  panel.className = "bell__panel";
  panel.id = "bell-panel";
  panel.setAttribute("role", "dialog");
  panel.setAttribute("aria-label", bell.dataset.title);
  bell.append(panel);
  const link = bell.querySelector(".bell__link");
  link.setAttribute("aria-expanded", "true");
  link.setAttribute("aria-controls", panel.id);
  opened = { bell, panel };
  fill(bell).catch(() => location.assign(link.href));
}

function close({ focus = false } = {}) {
  if (!opened) return;
  const link = opened.bell.querySelector(".bell__link");
  opened.panel.remove();
  opened = null;
  link.setAttribute("aria-expanded", "false");
  link.removeAttribute("aria-controls");
  if (focus) link.focus();
}

for (const bell of bells) {
  const link = bell.querySelector(".bell__link");
  link.setAttribute("role", "button"); // it does not lead away here
  link.setAttribute("aria-haspopup", "dialog");
  link.setAttribute("aria-expanded", "false");
  link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    if (opened?.bell === bell) close();
    else open(bell);
  });
  link.addEventListener("keydown", (event) => {
    if (event.key !== " ") return;
    event.preventDefault();
    link.click();
  });
  bell.addEventListener("submit", async (event) => {
    event.preventDefault();
    const form = event.target;
    try {
      const body = new FormData(form, event.submitter);
      const headers = { "HX-Request": "true" };
      await fill(bell, { answer: await fetch(form.action, { method: "POST", body, headers }) });
    } catch {
      form.submit(); // as without this
    }
  });
}

document.addEventListener("keydown", (event) => event.key === "Escape" && close({ focus: true }));
for (const kind of ["click", "focusin"]) {
  document.addEventListener(kind, (event) => {
    if (opened && event.target.isConnected && !opened.bell.contains(event.target)) close();
  });
}

// Who follows a message has read it; the page that it leads to does not wait for that.
document.addEventListener("click", (event) => {
  const form = document.getElementById(event.target.closest("a[data-reads]")?.dataset.reads ?? "");
  if (!form) return;
  fetch(form.action, { method: "POST", body: new FormData(form), keepalive: true, redirect: "manual" });
});

if (first) {
  said.className = "visually-hidden";
  said.setAttribute("role", "status");
  document.body.append(said);
  listen();
}
