import type { LookupAddress } from "node:dns";
import type { LookupFunction } from "node:net";
import { isProcessKeptAlive } from "../runtime/clock.js";
import { loadPackage } from "../runtime/load-package.js";

/**
 * Resolves the endpoint's name. In a background refresh the addresses of the last connection are used again: while a
 * name is being resolved Node does not let the process end, and nothing can change that.
 */
export interface EndpointLookup {
  readonly lookup: LookupFunction;
  /** No connection could be made to the addresses: the next one resolves the name. */
  forget(): void;
}

export async function loadLookup(): Promise<EndpointLookup> {
  const dns = await loadPackage("node:dns", () => import("node:dns"));
  let known: LookupAddress[] | undefined;
  const lookup: LookupFunction = (hostname, options, callback) => {
    const answer = (addresses: LookupAddress[]) => {
      const [first] = addresses;
      if (options.all) callback(null, addresses);
      else callback(null, first?.address ?? "", first?.family);
    };
    if (known && !isProcessKeptAlive()) return process.nextTick(answer, known);
    dns.lookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, "");
      known = addresses;
      answer(addresses);
    });
  };
  return {
    lookup,
    forget: () => {
      known = undefined;
    },
  };
}
