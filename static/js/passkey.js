// Passkeys: asks the browser for one and sends what it says with the form.
//   data-passkey="create"   make one, from the options in the form
//   data-passkey="get"      show one, from the options in the form
//   data-passkey="login"    show one to sign in; the options are asked for first
// The form's button is hidden in the page: without script there is nothing that it could do.
const { create, get, supported } = window.webauthnJSON;

function creationOptions(form, options) {
  const wanted = structuredClone(options);
  const choice = wanted.publicKey.authenticatorSelection;
  const alone = form.elements.passwordless?.checked ?? false;
  choice.residentKey = alone ? "required" : "discouraged";
  choice.requireResidentKey = alone;
  if (alone) choice.userVerification = "required";
  return wanted;
}

async function loginOptions(form) {
  const response = await fetch(form.action, { headers: { Accept: "application/json" } });
  if (!response.ok) throw new Error(`The options were refused: ${response.status}`);
  return (await response.json()).request_options;
}

async function credentialFor(form) {
  const kind = form.dataset.passkey;
  if (kind === "login") return get(await loginOptions(form));
  const said = JSON.parse(form.querySelector('script[type="application/json"]').textContent);
  if (kind === "create") return create(creationOptions(form, said.creation_options));
  return get(said.request_options);
}

async function send(event) {
  const form = event.currentTarget;
  const button = form.querySelector('button[type="submit"]');
  const failed = form.querySelector("[data-passkey-error]");
  event.preventDefault();
  failed.hidden = true;
  button.disabled = true;
  try {
    form.elements.credential.value = JSON.stringify(await credentialFor(form));
    form.submit();
  } catch (error) {
    console.warn("passkey", error.name);
    failed.hidden = false;
    button.disabled = false;
    button.focus();
  }
}

if (supported()) {
  for (const form of document.querySelectorAll("[data-passkey]")) {
    form.querySelector('button[type="submit"]').hidden = false;
    form.addEventListener("submit", send);
  }
}
