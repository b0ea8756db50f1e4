// Copying and saving what came of a page.

/** Put text on the clipboard; throws where the browser refuses. */
export async function copy(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  throw new Error("no clipboard outside https and localhost");
}

/** Hand a file to the browser. */
export function save(name, text, type) {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}

/** A file name made of a record's name, without what file systems do not take. */
export function fileName(name, ending) {
  const stem = name.replace(/\.(txt|html?|xhtml|jsonl|ndjson)$/i, "").replace(/[^\p{L}\p{N}._-]+/gu, "-");
  return `${stem.replace(/^[.-]+/, "").slice(0, 80) || "page"}${ending}`;
}
