// A confirmation is a <details> that opens in place. With script it becomes a modal dialog.
function openAsDialog(details) {
  const panel = details.querySelector("[data-confirm-panel]");
  panel.querySelector("[data-confirm-cancel]").hidden = false;
  const dialog = document.createElement("dialog");
  dialog.className = "dialog";
  dialog.setAttribute("aria-labelledby", panel.dataset.confirmPanel);
  dialog.append(panel);
  document.body.append(dialog);
  panel.classList.remove("confirm__panel");
  panel.classList.add("stack");
  dialog.addEventListener("close", () => {
    panel.classList.add("confirm__panel");
    panel.classList.remove("stack");
    details.append(panel);
    dialog.remove();
    details.querySelector("summary").focus();
  });
  dialog.showModal();
}

document.addEventListener("click", (event) => {
  const summary = event.target.closest("summary");
  const details = summary?.closest("details[data-confirm]");
  if (details) {
    event.preventDefault();
    openAsDialog(details);
    return;
  }
  if (event.target.closest("[data-confirm-cancel]")) {
    event.preventDefault();
    const dialog = event.target.closest("dialog");
    if (dialog) dialog.close();
    else event.target.closest("details").open = false;
  }
});
