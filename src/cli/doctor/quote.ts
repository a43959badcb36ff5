import { printable, repeatsSecret } from "../../errors/printable.js";

/** A text of the metadata service as a part of a sentence, without its full stop. A part of the token is never shown. */
export function quote(text: string, token: string | undefined): string {
  const short = printable(text).replace(/\.+$/, "");
  const secrets = token === undefined ? [] : [token];
  return repeatsSecret(text, secrets) || repeatsSecret(short, secrets)
    ? "withheld, because it repeats the session token"
    : short;
}
