import { HOUR, MINUTE } from "./time.js";

/** Credentials as the IMDS of an instance serves them. */
export interface ServedCredentials {
  readonly id: number;
  readonly expiresAt: number;
}

/** When new credentials appear: about hourly, as seen in practice, or as late as AWS documents. */
export type Rotation = "hourly" | "as late as documented";

export interface Outage {
  readonly from: number;
  readonly until: number;
}

const LIFETIME = 6 * HOUR;
const EVERY: Readonly<Record<Rotation, number>> = {
  hourly: HOUR,
  "as late as documented": LIFETIME - 5 * MINUTE,
};

/** The IMDS of one instance. Processes start at a random moment of a rotation. */
export class InstanceMetadata {
  readonly #every: number;
  readonly #step: number;
  readonly #outage: Outage | undefined;

  constructor(rotation: Rotation, outage: Outage | undefined, random: () => number) {
    this.#every = EVERY[rotation];
    this.#step = random() * this.#every;
    this.#outage = outage;
  }

  isDown(now: number): boolean {
    return this.#outage !== undefined && now >= this.#outage.from && now < this.#outage.until;
  }

  served(now: number): ServedCredentials {
    const id = Math.floor((now + this.#step) / this.#every);
    return { id, expiresAt: id * this.#every - this.#step + LIFETIME };
  }
}
