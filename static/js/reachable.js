// In development. What has data-probe="ADDRESS" is shown when that address cannot be found from here,
// although this page's own host answers; data-go="ADDRESS": where to go when it can.
const PAUSES = [0, 1500, 3000]; // milliseconds; the processes may be restarting just now

const answers = (address) =>
  fetch(address, { mode: "no-cors", cache: "no-store", credentials: "omit" }).then(
    () => true,
    () => false,
  );

async function isReachable(address) {
  for (const pause of PAUSES) {
    await new Promise((resolve) => setTimeout(resolve, pause));
    if (await answers(address)) return true;
    if (await answers("/healthz")) return false;
  }
  return true; // nobody can tell, and nothing is claimed
}

for (const hint of document.querySelectorAll("[data-probe]")) {
  isReachable(hint.dataset.probe).then((found) => {
    if (!found) hint.hidden = false;
    else if (hint.dataset.go) location.replace(hint.dataset.go);
  });
}
