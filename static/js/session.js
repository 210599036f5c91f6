// Site pages are published as files and cannot know who reads them. A cookie that says
// only "someone is signed in" swaps the sign-in links for one to the workspace.
const signedIn = document.cookie.split("; ").some((cookie) => /^(__Secure-)?plg_signed_in=1$/.test(cookie));

if (signedIn) {
  for (const element of document.querySelectorAll("[data-when-signed-out]")) element.hidden = true;
  for (const element of document.querySelectorAll("[data-when-signed-in]")) element.hidden = false;
}
