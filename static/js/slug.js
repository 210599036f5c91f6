// Suggests the workspace address from its name, and stops once the address was typed by hand.
const source = document.querySelector("input[name='workspace_name']");
const target = document.querySelector("input[name='slug']");

function slugify(text) {
  return text
    .normalize("NFKD")
    .replace(/[\u0300-\u036f]/g, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, Number(target.maxLength) > 0 ? Number(target.maxLength) : 40)
    .replace(/-+$/, "");
}

if (source && target) {
  let typed = target.value !== "" && target.value !== slugify(source.value);
  target.addEventListener("input", () => { typed = target.value !== ""; });
  source.addEventListener("input", () => {
    if (!typed) target.value = slugify(source.value);
  });
}
