type Xml = string | number | boolean | { readonly [name: string]: Xml | readonly Xml[] };

const escapeText = (text: string): string =>
  text.replace(/[&<>"\r\n\t]/g, (character) => `&#${character.charCodeAt(0)};`);

function element(name: string, content: Xml | readonly Xml[]): string {
  if (Array.isArray(content)) return content.map((item) => element(name, item)).join("");
  if (typeof content !== "object") return `<${name}>${escapeText(String(content))}</${name}>`;
  const children = Object.entries(content).map(([child, value]) => element(child, value));
  return `<${name}>${children.join("")}</${name}>`;
}

/** A document; an array stands for that many elements of its name. */
export function xmlDocument(name: string, content: Xml): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${element(name, content)}`;
}

const ENTITIES: Readonly<Record<string, string>> = { quot: '"', amp: "&", lt: "<", gt: ">", apos: "'" };

/** The texts of all elements of a name that hold only text or, with what is in them, other elements. */
export function elementTexts(xml: string, name: string): string[] {
  const found = xml.matchAll(new RegExp(`<${name}>(.*?)</${name}>`, "gs"));
  return Array.from(found, ([, text = ""]) =>
    text.replace(/&(quot|amp|lt|gt|apos);/g, (_, entity) => ENTITIES[entity] ?? ""),
  );
}
