import { SECRETS } from "../../support/role-document.js";
import {
  answer,
  cutHeaders,
  dripBody,
  dripHeaders,
  endlessBody,
  hang,
  hangUp,
  notHttp,
  raw,
  reset,
  resetInBody,
  text,
  truncated,
  unendedChunks,
} from "../../support/scripted-replies.js";
import type { Reply, Step } from "../../support/scripted-server.js";

/** The kind of a fault by the words of the design: it decides about retries and the code. */
export type FaultClass =
  | { readonly is: "status"; readonly status: number }
  | {
      readonly is:
        | "reset"
        | "cut headers"
        | "silence"
        | "not http"
        | "cut short"
        | "over the cap"
        | "empty"
        | "words";
    };

export interface Fault {
  readonly name: string;
  readonly class: FaultClass;
  readonly reply: Reply;
}

const BODY = `<p>${SECRETS.body} ${SECRETS.secretAccessKey}</p>`;

const STATUSES = [
  201, 204, 206, 301, 302, 307, 308, 400, 401, 403, 404, 405, 408, 410, 418, 429, 431, 500, 501, 502, 503,
  504, 599,
];

export const FAULTS: readonly Fault[] = [
  ...STATUSES.map((status) => ({
    name: `status ${status}`,
    class: { is: "status", status } as const,
    reply: answer(
      status,
      status === 204 ? "" : BODY,
      status < 400 && status >= 300 ? { location: "/latest/user-data" } : {},
    ),
  })),
  {
    name: "101 and another protocol",
    class: { is: "status", status: 101 },
    reply: raw("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: chat\r\n\r\n"),
  },
  { name: "endless body of a 500", class: { is: "status", status: 500 }, reply: endlessBody(500) },
  { name: "reset", class: { is: "reset" }, reply: reset },
  { name: "closed without an answer", class: { is: "reset" }, reply: hangUp },
  { name: "closed within the headers", class: { is: "cut headers" }, reply: cutHeaders },
  { name: "no answer", class: { is: "silence" }, reply: hang },
  { name: "dripped headers", class: { is: "silence" }, reply: dripHeaders },
  { name: "dripped body", class: { is: "silence" }, reply: dripBody },
  { name: "not HTTP", class: { is: "not http" }, reply: notHttp },
  { name: "truncated body", class: { is: "cut short" }, reply: truncated },
  { name: "chunks without an end", class: { is: "cut short" }, reply: unendedChunks },
  { name: "reset within the body", class: { is: "cut short" }, reply: resetInBody },
  { name: "endless body", class: { is: "over the cap" }, reply: endlessBody() },
  { name: "empty body", class: { is: "empty" }, reply: text("") },
  { name: "a web page", class: { is: "words" }, reply: text(BODY) },
];

/** Whether a response of this kind is a good one on this step. */
export const isGoodAnswer = ({ is }: FaultClass, step: Step): boolean =>
  step === "metadata" && (is === "empty" || is === "words");
