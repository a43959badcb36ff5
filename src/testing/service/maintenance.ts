import { randomBytes } from "node:crypto";
import { types } from "node:util";
import type { MockMaintenanceEvent } from "../types.js";
import { checkNames, checkOneOf, checkText, refuse } from "./checks.js";

/** One scheduled event, complete. Times are milliseconds since the epoch. */
export interface MaintenanceEvent {
  readonly code: string;
  readonly description: string;
  readonly eventId: string;
  readonly notBefore: number;
  readonly notAfter: number;
  readonly notBeforeDeadline: number | undefined;
  readonly state: "active" | "completed" | "canceled";
}

const DESCRIPTIONS = {
  "instance-reboot": "scheduled instance reboot",
  "instance-retirement": "scheduled retirement",
  "instance-stop": "scheduled stop",
  "system-maintenance": "scheduled maintenance",
  "system-reboot": "scheduled reboot",
} as const;

type Code = keyof typeof DESCRIPTIONS;

const CODES = Object.keys(DESCRIPTIONS) as Code[];
const STATES = ["active", "completed", "canceled"] as const;
const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

/** @throws TypeError that names the field */
export function maintenanceEvent(given: MockMaintenanceEvent, now: number): MaintenanceEvent {
  const fields = ["code", "description", "eventId", "notBefore", "notAfter", "notBeforeDeadline", "state"];
  checkNames("event", given, fields);
  const code = checkOneOf("event.code", given.code ?? "system-reboot", CODES);
  const notBefore = timeOf("event.notBefore", given.notBefore) ?? now + DAY_MS;
  const notAfter = timeOf("event.notAfter", given.notAfter) ?? notBefore + 2 * HOUR_MS;
  if (notAfter < notBefore) refuse("event.notAfter", "no earlier than notBefore", given.notAfter);
  return {
    code,
    description: checkText("event.description", given.description ?? DESCRIPTIONS[code]),
    eventId: checkText("event.eventId", given.eventId ?? `instance-event-0${randomBytes(8).toString("hex")}`),
    notBefore,
    notAfter,
    notBeforeDeadline: timeOf("event.notBeforeDeadline", given.notBeforeDeadline),
    state: checkOneOf("event.state", given.state ?? "active", STATES),
  };
}

/** A `Date`, or its text, which is what JSON has. */
function timeOf(name: string, value: Date | string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const ms = types.isDate(value) || typeof value === "string" ? new Date(value).getTime() : Number.NaN;
  return Number.isNaN(ms) ? refuse(name, "a valid Date, or an ISO 8601 string", value) : ms;
}

/** An active event whose time is over is completed. */
export const stateAt = ({ state, notAfter }: MaintenanceEvent, now: number): MaintenanceEvent["state"] =>
  state === "active" && now > notAfter ? "completed" : state;

/** `21 Jan 2019 09:00:43 GMT` */
const eventTime = (ms: number): string => new Date(ms).toUTCString().slice(5);

const PREFIXES = { active: "", completed: "[Completed] ", canceled: "[Canceled] " } as const;

/** The document `events/maintenance/scheduled` or `history`. */
export function maintenanceDocument(events: readonly MaintenanceEvent[], now: number): string {
  const list = events.map((event) => {
    const state = stateAt(event, now);
    const deadline = event.notBeforeDeadline;
    return {
      NotBefore: eventTime(event.notBefore),
      Code: event.code,
      Description: `${PREFIXES[state]}${event.description}`,
      EventId: event.eventId,
      NotAfter: eventTime(event.notAfter),
      ...(deadline === undefined ? {} : { NotBeforeDeadline: eventTime(deadline) }),
      State: state,
    };
  });
  return JSON.stringify(list, null, 2);
}
