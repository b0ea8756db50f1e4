// When labels and policies have been read. What is pasted before waits for it; a key may have to be given first.

let done = () => {};

/** Fulfilled once the page can judge. */
export const ready = new Promise((resolve) => (done = resolve));

/** Labels and policies are there. */
export function setReady() {
  done();
}
