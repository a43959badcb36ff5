/** By its shape: in a test environment that has its own globals, Node's errors are no instances of `Error`. */
export function systemCodeOf(error: unknown): string | undefined {
  const code = typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
  return typeof code === "string" ? code : undefined;
}
