const LEGAL = /^[A-Za-z0-9+=,.@_-]+$/;

/**
 * Whether a name consists of what IAM allows in one: letters, digits and `+=,.@_-`. The two names that mean
 * a directory in a path are refused as well: a role name must never lead to another path.
 */
export const isRoleName = (name: string): boolean => LEGAL.test(name) && name !== "." && name !== "..";

/** The first line of a role list that is not empty, trimmed; undefined for an empty list. */
export function firstListedName(list: string): string | undefined {
  for (const line of list.split("\n")) {
    const name = line.trim();
    if (name !== "") return name;
  }
  return undefined;
}
