// What one part of the page tells the others: "language", "key", "page", "active", "saved", "model".

const bus = new EventTarget();

/** Call `run` with the detail of every event of this name. */
export function on(name, run) {
  bus.addEventListener(name, (event) => run(event.detail));
}

/** Tell everyone who listens. */
export function emit(name, detail) {
  bus.dispatchEvent(new CustomEvent(name, { detail }));
}
