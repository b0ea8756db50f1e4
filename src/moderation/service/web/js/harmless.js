// Characters that can't be seen or that turn the writing direction, each by one visible character of the same length,
// so that a page can't play with the reader, and offsets stay as they are.

const UNSEEN =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0]/g;

const PICTURE = "\u25ab";

/** [text, code point or null] pieces of `text`: what to show, and the character that a piece stands for. */
export function* pieces(text) {
  let done = 0;
  for (const match of text.matchAll(UNSEEN)) {
    if (match.index > done) yield [text.slice(done, match.index), null];
    yield [PICTURE, match[0].charCodeAt(0)];
    done = match.index + 1;
  }
  if (done < text.length) yield [text.slice(done), null];
}

/** The name of a code point, as U+200B. */
export function codeName(code) {
  return `U+${code.toString(16).toUpperCase().padStart(4, "0")}`;
}
