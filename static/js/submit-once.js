// A form marked data-submit-once sends once: a second click while it is on its way does nothing.
document.addEventListener("submit", (event) => {
  const form = event.target.closest("form[data-submit-once]");
  if (!form) return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "1";
  const button = event.submitter;
  if (!button) return;
  button.setAttribute("aria-disabled", "true");
  const label = button.dataset.busy;
  if (label) button.textContent = label;
});

// Coming back with the browser's Back button must find a form that works.
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-submit-once]")) delete form.dataset.sent;
  for (const button of document.querySelectorAll("form[data-submit-once] [aria-disabled]")) button.removeAttribute("aria-disabled");
});
