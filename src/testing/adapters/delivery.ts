/** How long a dripped byte takes: so short that no idle timeout ends it. */
export const DRIP_MS = 100;

/** Half of a body, and the length that its headers promise. There is always a byte missing. */
export function truncated(body: string): { sent: Uint8Array; declared: string } {
  const bytes = Buffer.from(body);
  return { sent: bytes.subarray(0, bytes.length >> 1), declared: String(Math.max(bytes.length, 1)) };
}

/** The bytes of a body, one by one, then spaces: it never ends. */
export function* dripped(body: string): Generator<Uint8Array, never> {
  for (const byte of Buffer.from(body)) yield Uint8Array.of(byte);
  for (;;) yield Uint8Array.of(0x20);
}
