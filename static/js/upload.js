// An upload form takes a dropped file, and says at once when a file is larger than it may be.
function say(form, text) {
  let line = form.querySelector("[data-upload-error]");
  if (!line) {
    line = document.createElement("p");
    line.className = "field__error";
    line.dataset.uploadError = "";
    line.setAttribute("role", "alert");
    form.querySelector("input[type=file]").after(line);
  }
  line.textContent = text;
}

function fits(form) {
  const input = form.querySelector("input[type=file]");
  const file = input.files[0];
  const tooLarge = Boolean(file) && file.size > Number(input.dataset.maxBytes);
  say(form, tooLarge ? form.dataset.tooLarge : "");
  input.setAttribute("aria-invalid", String(tooLarge));
  return !tooLarge;
}

for (const form of document.querySelectorAll("form[data-upload]")) {
  const input = form.querySelector("input[type=file]");
  input.addEventListener("change", () => fits(form));
  form.addEventListener("submit", (event) => {
    if (!fits(form)) {
      event.preventDefault();
      event.stopPropagation();
    }
  });
  // A drop anywhere on the page counts: a file dropped beside a form would replace the page.
  document.addEventListener("dragover", (event) => {
    if (event.dataTransfer.types.includes("Files")) event.preventDefault();
  });
  document.addEventListener("drop", (event) => {
    if (!event.dataTransfer.files.length) return;
    event.preventDefault();
    const [first] = event.dataTransfer.files;
    const one = new DataTransfer();
    one.items.add(first);
    input.files = one.files;
    if (fits(form)) form.requestSubmit();
  });
}
