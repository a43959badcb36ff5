const DRIP_MS = 100;

/** Half of a body, and the length that its headers promise. There is always a byte missing. */
export function truncated(body: string): { sent: Uint8Array; declared: string } {
  const bytes = Buffer.from(body);
  return { sent: bytes.subarray(0, bytes.length >> 1), declared: String(Math.max(bytes.length, 1)) };
}

/**
 * Sends a body byte by byte, then spaces, until it is stopped: fast enough that no idle timeout ends it, and
 * without an end of its own.
 */
export function drip(body: string, send: (byte: Uint8Array) => void): () => void {
  const bytes = Buffer.from(body);
  let next = 0;
  const timer = setInterval(() => {
    send(Uint8Array.of(bytes[next] ?? 0x20));
    next += 1;
  }, DRIP_MS);
  // A client that went away without a word must not keep the process of the test alive.
  timer.unref?.();
  return () => clearInterval(timer);
}
