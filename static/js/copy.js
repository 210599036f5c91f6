// Copy-to-clipboard. Without script the value is a read-only input that can be selected.
function sourceText(button) {
  const field = button.closest("[data-copy]")?.querySelector("[data-copy-source]");
  return field ? (field.value ?? field.textContent).trim() : "";
}

async function copy(button) {
  const label = button.querySelector("[data-copy-label]");
  const before = label.textContent;
  try {
    await navigator.clipboard.writeText(sourceText(button));
    label.textContent = button.dataset.copied || "Copied";
  } catch {
    const field = button.closest("[data-copy]").querySelector("input[data-copy-source]");
    if (!field) return;
    field.select();
    document.execCommand("copy");
    label.textContent = button.dataset.copied || "Copied";
  }
  setTimeout(() => { label.textContent = before; }, 2000);
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy-button]");
  if (button) copy(button);
  const field = event.target.closest("input[data-copy-source]");
  if (field) field.select();
});

function reveal(root) {
  for (const button of root.querySelectorAll("[data-copy-button][hidden]")) button.hidden = false;
}
reveal(document);
document.addEventListener("htmx:load", (event) => reveal(event.target));
