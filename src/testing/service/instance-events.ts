import type { MockMaintenanceEvent, MockSpotAction } from "../types.js";
import { checkNumber, checkOneOf, MAX_SECONDS } from "./checks.js";
import { type MaintenanceEvent, maintenanceDocument, maintenanceEvent, stateAt } from "./maintenance.js";
import type { MetadataFolder } from "./metadata-node.js";
import { wholeSeconds } from "./whole-seconds.js";

const ACTIONS: readonly MockSpotAction[] = ["terminate", "stop", "hibernate"];

const LIFECYCLE_STATES = [
  "Detached",
  "InService",
  "Standby",
  "Terminated",
  "Warmed:Hibernated",
  "Warmed:Running",
  "Warmed:Stopped",
  "Warmed:Terminated",
] as const;

/** Two minutes' notice; hibernation begins at once. */
const noticeSeconds = (action: MockSpotAction): number => (action === "hibernate" ? 0 : 120);

/** What EC2 announces to the instance, and the folders of `meta-data/` that show it. */
export class InstanceEvents {
  #interruption: { readonly action: MockSpotAction; readonly time: number } | undefined;
  #rebalanceNotice: number | undefined;
  #targetLifecycleState: string | undefined;
  #maintenance: readonly MaintenanceEvent[] = [];

  interruptSpot(action: MockSpotAction = "terminate", inSeconds?: number): void {
    checkOneOf("action", action, ACTIONS);
    const seconds =
      inSeconds === undefined ? noticeSeconds(action) : checkNumber("inSeconds", inSeconds, 0, MAX_SECONDS);
    this.#interruption = { action, time: Date.now() + seconds * 1000 };
  }

  recommendRebalance(): void {
    this.#rebalanceNotice = Date.now();
  }

  setTargetLifecycleState(state: string): void {
    this.#targetLifecycleState = checkOneOf<string>("state", state, LIFECYCLE_STATES);
  }

  /** An event with the id of an earlier one takes its place. */
  scheduleMaintenance(given: MockMaintenanceEvent): void {
    const event = maintenanceEvent(given, Date.now());
    this.#maintenance = [...this.#maintenance.filter(({ eventId }) => eventId !== event.eventId), event];
  }

  /** Only a Spot Instance is interrupted or gets a rebalance recommendation. */
  get lifeCycle(): "on-demand" | "spot" {
    return this.#interruption || this.#rebalanceNotice !== undefined ? "spot" : "on-demand";
  }

  folders(): MetadataFolder {
    const state = this.#targetLifecycleState;
    return {
      ...(state === undefined ? {} : { autoscaling: { "target-lifecycle-state": state } }),
      events: { maintenance: this.#maintenanceFolder(), ...this.#recommendations() },
      ...this.#spot(),
    };
  }

  #maintenanceFolder(): MetadataFolder {
    const now = Date.now();
    const isActive = (event: MaintenanceEvent) => stateAt(event, now) === "active";
    return {
      history: maintenanceDocument(
        this.#maintenance.filter((event) => !isActive(event)),
        now,
      ),
      scheduled: maintenanceDocument(this.#maintenance.filter(isActive), now),
    };
  }

  #recommendations(): MetadataFolder {
    const notice = this.#rebalanceNotice;
    if (notice === undefined) return {};
    return { recommendations: { rebalance: JSON.stringify({ noticeTime: wholeSeconds(notice) }) } };
  }

  #spot(): MetadataFolder {
    if (!this.#interruption) return {};
    const { action } = this.#interruption;
    const time = wholeSeconds(this.#interruption.time);
    const notice = { "instance-action": JSON.stringify({ action, time }) };
    // The older path tells of terminations only.
    return { spot: action === "terminate" ? { ...notice, "termination-time": time } : notice };
  }
}
