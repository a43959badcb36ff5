/** One profile of a shared file. */
export interface ProfileSection {
  /** As it is in the file, such as `[profile app]`. */
  readonly header: string;
  readonly keys: Readonly<Record<string, string | undefined>>;
}

/** The content of a shared file. */
export interface IniFile {
  readonly profiles: ReadonlyMap<string, ProfileSection>;
  /** Lines that begin like a header and are none: the keys below them count for the section before. */
  readonly brokenHeaders: readonly { readonly line: number; readonly text: string }[];
  /** Headers whose keys do not count, such as `[app]` in the config file, where it must be `[profile app]`. */
  readonly ignoredHeaders: readonly string[];
}

export const EMPTY_FILE: IniFile = { profiles: new Map(), brokenHeaders: [], ignoredHeaders: [] };

type MutableSection = ProfileSection & { readonly keys: Record<string, string> };

/**
 * Parses a shared file as the AWS SDK for JavaScript does; a test compares the two. The SDK's own loader cannot be
 * used: it waits for the other end of a FIFO, reads a file of any size, takes a shortage of file descriptors for an
 * empty file, and throws where there is no home directory.
 */
export function parseIniFile(text: string, kind: "config file" | "credentials file"): IniFile {
  const profiles = new Map<string, MutableSection>();
  const brokenHeaders: { line: number; text: string }[] = [];
  const ignoredHeaders: string[] = [];
  const nameIn = kind === "config file" ? configProfile : credentialsProfile;
  let section: MutableSection | undefined;
  let parentKey: string | undefined;
  let lineNumber = 0;
  for (const line of text.split("\n")) {
    lineNumber++;
    const content = withoutComment(line).trim();
    if (content.startsWith("[") && content.endsWith("]")) {
      const inner = content.slice(1, -1);
      // The SDK takes such a file for empty.
      if (/^(profile )?__proto__$/.test(inner)) return EMPTY_FILE;
      const name = nameIn(inner);
      if (name === undefined) ignoredHeaders.push(content);
      section = name === undefined ? undefined : (profiles.get(name) ?? { header: content, keys: {} });
      if (name !== undefined && section) profiles.set(name, section);
      parentKey = undefined;
      continue;
    }
    if (content.startsWith("[")) brokenHeaders.push({ line: lineNumber, text: content });
    const equals = content.indexOf("=");
    if (section === undefined || equals < 1) continue;
    const key = content.slice(0, equals).trim();
    const value = content.slice(equals + 1).trim();
    if (value === "") {
      parentKey = key;
      continue;
    }
    // Lines that are indented below an empty key are keys of their own kind: `s3 =`, then `  endpoint_url = …`.
    if (line.trimStart() === line) parentKey = undefined;
    section.keys[parentKey === undefined ? key : `${parentKey}.${key}`] = value;
  }
  // `[profile default]` takes the place of `[default]`.
  const preferred = profiles.get(PROFILE_DEFAULT);
  if (preferred && Object.keys(preferred.keys).length > 0) profiles.set("default", preferred);
  profiles.delete(PROFILE_DEFAULT);
  return { profiles, brokenHeaders, ignoredHeaders };
}

/** A comment begins at the start of the line or after a blank. */
function withoutComment(line: string): string {
  if (!line.includes("#") && !line.includes(";")) return line;
  return line.slice(0, /(^|\s)[;#]/.exec(line)?.index);
}

/** Until the whole file is read; no name has a space. */
const PROFILE_DEFAULT = "profile default";

const WITH_PREFIX = /^([\w-]+)\s(["'])?([\w-@+.%:/]+)\2$/;

const configProfile = (header: string): string | undefined => {
  if (header === "default") return header;
  const [, prefix, , name] = WITH_PREFIX.exec(header) ?? [];
  if (prefix !== "profile") return undefined;
  return name === "default" ? PROFILE_DEFAULT : name;
};

const credentialsProfile = (header: string): string | undefined =>
  header === "" || WITH_PREFIX.test(header) ? undefined : header;
