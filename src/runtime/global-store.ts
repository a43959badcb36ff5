/**
 * The version of everything that copies of this library in one process call on each other: the ESM and the CommonJS
 * build, and other releases that were installed beside this one. Raise it when any of that changes: copies of
 * different versions then share nothing, instead of calling what the other does not have.
 */
const VERSION = 2;

/** The process-wide symbol of this name, equal in all copies of the library with the same {@link VERSION}. */
export const sharedSymbol = (name: string): symbol => Symbol.for(`ec2-role-credentials.${name}.${VERSION}`);

/** The one object of this name in the process, made by the first copy of the library that asks for it. */
export function globalStore<T extends object>(name: string, create: () => T): T {
  const key = sharedSymbol(name);
  const holder = globalThis as unknown as Record<symbol, T | undefined>;
  holder[key] ??= create();
  return holder[key];
}
