import { type Finding, note, ok } from "../findings.js";
import type { Container, Machine } from "../machine.js";

const CHECK = "container";

/** With the host's role, all containers on the host have the same permissions. */
const BETTER_ROLE: Readonly<Partial<Record<Container, string>>> = {
  "Kubernetes pod":
    "Prefer a role of the pod's own (EKS Pod Identity or IRSA): with the instance's role, each pod on the node has the same permissions.",
  "ECS task":
    "Prefer a task role: with the instance's role, each task on the instance has the same permissions.",
};

export function checkContainer({ container, hasOwnRole }: Machine): Finding {
  switch (container) {
    case undefined:
      return ok(CHECK, "This does not look like a container.");
    case "Lambda function":
      return note(
        CHECK,
        "This is a Lambda function, which has no instance metadata.",
        "Use the function's own role, which the SDK's default chain finds.",
      );
    case "container":
      return note(
        CHECK,
        "This is a container. On a bridge network it needs an instance with a hop limit (HttpPutResponseHopLimit) of 2.",
      );
    default: {
      const article = container === "ECS task" ? "an" : "a";
      return hasOwnRole
        ? note(CHECK, `This is ${article} ${container} with its own role.`)
        : note(CHECK, `This is ${article} ${container} without its own role.`, BETTER_ROLE[container]);
    }
  }
}
