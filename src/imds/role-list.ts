import { firstListedName } from "../config/role-name.js";
import { repeatsSecret } from "../errors/printable.js";
import { illegal, RequestFailure } from "../errors/request-failure.js";

/** What IAM allows in a role's name, and what an ARN and a path have as well: some services list those. */
const LISTABLE = /^[A-Za-z0-9+=,.@_:/-]+$/;

const MAX_LENGTH = 512;

/** A directory segment would lead to another path. */
const hasDots = (name: string): boolean =>
  name.split("/").some((segment) => segment === "." || segment === "..");

/**
 * The role that a role list names: its first line that is not empty. Throws a `RequestFailure` for a list without one, and
 * for a name that is illegal or repeats one of the secrets, because names are logged.
 */
export function parseRoleList(body: string, secrets: readonly string[]): string {
  const name = firstListedName(body);
  if (name === undefined) {
    throw new RequestFailure("empty-list", "the list is empty", { statusCode: 200 });
  }
  if (name.length > MAX_LENGTH || !LISTABLE.test(name) || hasDots(name)) {
    throw illegal("what is listed is not a role's name");
  }
  if (repeatsSecret(name, secrets)) throw illegal("what is listed repeats a secret");
  return name;
}
