// A form with an element [data-proof] carries a sum for the browser (identity/attempts/proof_of_work.py).
// A worker does it, so that the page stays usable; then the form is sent, if it was waiting for that.
const box = document.querySelector("[data-proof]");
if (box) start(box);

function start(box) {
  const form = box.closest("form");
  const field = box.querySelector("input");
  const words = box.querySelector("[data-proof-words]");
  const challenge = JSON.parse(box.dataset.proof);
  const worker = new Worker(box.dataset.worker);
  let waiting = null;
  worker.addEventListener("message", ({ data }) => {
    worker.terminate();
    if (data.number === null) return;
    const { algorithm, challenge: sum, salt, signature } = challenge;
    field.value = btoa(JSON.stringify({ algorithm, challenge: sum, number: data.number, salt, signature }));
    words.textContent = box.dataset.done;
    if (waiting) form.requestSubmit(waiting.submitter);
  });
  worker.addEventListener("error", () => { words.textContent = box.dataset.failed; });
  worker.postMessage(challenge);
  // Capturing: before submit-once.js marks the form as sent.
  form.addEventListener("submit", (event) => {
    if (field.value || event.submitter?.name === "instead") return; // the other way: a mailed code
    event.preventDefault();
    event.stopImmediatePropagation();
    waiting = { submitter: event.submitter };
    words.textContent = box.dataset.busy;
  }, true);
}
