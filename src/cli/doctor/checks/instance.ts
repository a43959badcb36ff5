import { type Finding, note, ok } from "../findings.js";
import type { Machine } from "../machine.js";

/** Whether this is an EC2 instance, by the machine's own files. */
export function checkInstance({ instance }: Machine): Finding {
  if (instance === undefined)
    return note(
      "instance",
      "This does not look like an EC2 instance (no EC2 DMI data). In a container this check may be wrong.",
    );
  const details = instance.kind === "Xen" ? " (Xen)" : instance.id === undefined ? "" : ` (${instance.id})`;
  return ok("instance", `This is an EC2 instance${details}.`);
}
