// Markup without its attributes, read as the HTML standard reads tags.

const RAW = new Set(["script", "style", "iframe", "noembed", "noframes", "xmp"]);
const ESCAPABLE = new Set(["title", "textarea"]);

/**
 * The same markup without a single attribute, comment or raw element: browsers report style attributes even in a
 * document that is never shown as violations of the page's Content-Security-Policy.
 */
export function withoutAttributes(html) {
  const out = [];
  let at = 0;
  while (at < html.length) {
    const open = html.indexOf("<", at);
    if (open < 0) break;
    out.push(html.slice(at, open));
    if (html.startsWith("<!--", open)) {
      at = after(html, "-->", open + 4);
      continue;
    }
    const tag = /^<(\/?)([a-zA-Z][^\t\n\f\r />]*)/.exec(html.slice(open, open + 80));
    if (!tag) {
      const declaration = /^<(?:[!?]|\/[^])/.test(html.slice(open, open + 3));
      if (!declaration) out.push("&lt;");
      at = declaration ? after(html, ">", open + 1) : open + 1;
      continue;
    }
    const name = tag[2].toLowerCase();
    const end = endOfTag(html, open + tag[0].length);
    at = end.at;
    if (!tag[1] && RAW.has(name)) at = after(html, ">", closing(html, name, at));
    else if (!tag[1] && ESCAPABLE.has(name)) {
      const close = closing(html, name, at);
      out.push(`<${name}>`, html.slice(at, close).replaceAll("<", "&lt;"), `</${name}>`);
      at = after(html, ">", close);
    } else if (/^[a-z][a-z0-9-]*$/.test(name)) out.push(`<${tag[1]}${name}${end.slash}>`);
  }
  out.push(html.slice(at));
  return out.join("");
}

function after(html, mark, from) {
  const found = html.indexOf(mark, from);
  return found < 0 ? html.length : found + mark.length;
}

function closing(html, name, from) {
  const close = new RegExp(`</${name}[\\t\\n\\f\\r />]`, "gi");
  close.lastIndex = from;
  return close.exec(html)?.index ?? html.length;
}

const ATTRIBUTE =
  /[\t\n\f\r /]*(?:>|[^\t\n\f\r />][^\t\n\f\r />=]*(?:[\t\n\f\r ]*=[\t\n\f\r ]*(?:"[^"]*(?:"|$)|'[^']*(?:'|$)|[^\t\n\f\r >"'][^\t\n\f\r >]*|(?=>)|$))?)/y;

/** Where a tag ends, behind the first > that belongs to no value; slash: "/" where it closes itself. */
function endOfTag(html, from) {
  ATTRIBUTE.lastIndex = from;
  for (let match = ATTRIBUTE.exec(html); match; match = ATTRIBUTE.exec(html)) {
    if (/^[\t\n\f\r /]*>$/.test(match[0]))
      return { at: ATTRIBUTE.lastIndex, slash: match[0].endsWith("/>") ? "/" : "" };
  }
  return { at: html.length, slash: "" };
}
