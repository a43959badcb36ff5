import { buildGoProgram } from "./debian-sdks.js";
import { installOutsideClients } from "./outside-clients.js";

/** Global setup: packages come from the network, to which test processes are closed, and a Go program takes its time. */
export default function setup(): void {
  installOutsideClients();
  buildGoProgram();
}
