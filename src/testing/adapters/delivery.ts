/** How long a dripped byte takes: so short that no idle timeout ends it. */
export const DRIP_MS = 100;

/** Half of a body, and the length that its headers promise. There is always a byte missing. */
export const truncated = (body: Uint8Array): { sent: Uint8Array; declared: string } => ({
  sent: body.subarray(0, body.length >> 1),
  declared: String(Math.max(body.length, 1)),
});

/** The bytes of a body, one by one, then spaces: it never ends. */
export function* dripped(body: Uint8Array): Generator<Uint8Array, never> {
  for (const byte of body) yield Uint8Array.of(byte);
  for (;;) yield Uint8Array.of(0x20);
}
