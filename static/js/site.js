// The one script of the public site. Its pages come out of caches and are the same for everybody, so what
// is of one visitor happens here, and every page is whole without it: links to sign in, no banner, no count.
//
// One `tell` a visit: a JSON object of parts (cms/public/visits.py), of which the site takes those that it
// knows. What else the site wants to know of a visit becomes a part of that message, here, not another script.
const { body } = document;
const banner = document.querySelector("[data-consent]");
const isPrivate = navigator.globalPrivacyControl === true || navigator.doNotTrack === "1";
const has = (cookie) => document.cookie.split("; ").some((each) => cookie.test(each));

function tell(address, parts) {
  const message = new Blob([JSON.stringify(isPrivate ? { ...parts, private: true } : parts)], { type: "application/json" });
  try {
    if (navigator.sendBeacon(address, message)) return;
  } catch {} // switched off by its user, or not there
  fetch(address, { method: "POST", body: message, keepalive: true }).catch(() => {});
}

// Somebody is signed in: a readable cookie says that, and nothing else. The links lead to the workspace.
if (has(/^(__Secure-)?plg_signed_in=1$/)) {
  for (const each of document.querySelectorAll("[data-when-signed-out]")) each.hidden = true;
  for (const each of document.querySelectorAll("[data-when-signed-in]")) each.hidden = false;
}

// Consent, where the site asks for it: not of who has answered, and not of who asks not to be followed.
// Taking it back is as near: the link in the footer shows the same question again.
function answer(word) {
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `plg_consent=${word}; Max-Age=15552000; Path=/; Domain=${banner.dataset.consentDomain}; SameSite=Lax${secure}`;
  banner.hidden = true;
  tell(banner.dataset.consentVisits, { consent: { answer: word, where: location.pathname } }); // the number comes, or goes
  document.getElementById("content")?.focus({ preventScroll: true });
}
if (banner) {
  banner.hidden = isPrivate || has(/^plg_consent=/);
  for (const each of banner.querySelectorAll("[data-consent-answer]")) {
    each.addEventListener("click", () => answer(each.dataset.consentAnswer));
  }
  if (!isPrivate && !document.querySelector("form[data-visits-choice]")) {
    for (const each of document.querySelectorAll("[data-consent-again]")) {
      each.addEventListener("click", (click) => {
        click.preventDefault();
        banner.hidden = false;
        banner.focus();
      });
    }
  }
}

// The visit itself, once somebody looks: what a browser draws ahead may never be seen.
function visit() {
  tell(body.dataset.visits, { view: { path: location.pathname, referrer: document.referrer } });
}
if (body.dataset.visits) {
  if (document.prerendering) document.addEventListener("prerenderingchange", visit, { once: true });
  else visit();
}
