// The site's pages are published as files, so the browser decides whether the question is shown:
// not when it was answered, and not to who asks not to be followed at all.
const banner = document.querySelector("[data-consent]");
const answered = document.cookie.split("; ").some((each) => each.startsWith("plg_consent="));
const refused = navigator.globalPrivacyControl === true || navigator.doNotTrack === "1";

function remember(answer) {
  const secure = location.protocol === "https:" ? "; Secure" : "";
  const kept = 60 * 60 * 24 * 180; // seconds
  const domain = banner.dataset.consentDomain;
  document.cookie = `plg_consent=${answer}; Max-Age=${kept}; Path=/; Domain=${domain}; SameSite=Lax${secure}`;
  banner.hidden = true;
  const main = document.getElementById("content");
  if (main) main.focus({ preventScroll: true });
}

if (banner && !answered && !refused) {
  banner.hidden = false;
  for (const button of banner.querySelectorAll("[data-consent-answer]")) {
    button.addEventListener("click", () => remember(button.dataset.consentAnswer));
  }
}
