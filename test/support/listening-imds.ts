import type { MockFault, MockListener, MockRequest, MockStep } from "../../src/testing/index.js";
import { createMockImds } from "../../src/testing/index.js";
import { ROLE } from "./role-document.js";

/** The mocked metadata service on a port of its own, as a test reads it. */
export class ListeningImds implements AsyncDisposable {
  readonly #listener: MockListener;
  readonly #seen: readonly MockRequest[];
  #forgotten = 0;

  constructor(listener: MockListener, seen: readonly MockRequest[]) {
    this.#listener = listener;
    this.#seen = seen;
  }

  get endpoint(): string {
    return this.#listener.endpoint;
  }

  get requests(): readonly MockRequest[] {
    return this.#seen.slice(this.#forgotten);
  }

  get steps(): MockStep[] {
    return this.requests.map(({ step }) => step);
  }

  count(step: MockStep): number {
    return this.steps.filter((one) => one === step).length;
  }

  /** Forgets the requests so far. */
  forget(): void {
    this.#forgotten = this.#seen.length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#listener.close();
  }
}

/** A mock with the role that tests know, and a fault that lasts, if any. */
export async function listeningImds(fault?: MockFault): Promise<ListeningImds> {
  const imds = createMockImds({ roleName: ROLE });
  if (fault) imds.fail({ times: Number.POSITIVE_INFINITY, ...fault });
  return new ListeningImds(await imds.listen(), imds.requests);
}
