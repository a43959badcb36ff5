import type { Profile } from "../../config/profile.js";
import type { ResolvedSettings, RoleSettings } from "../../config/settings.js";
import type { MetadataReader } from "../../imds/metadata-reader.js";
import type { Target } from "./aws-commands.js";
import type { Machine } from "./machine.js";

/** What is known before any request is sent. */
export interface Environment {
  readonly profile: Profile;
  readonly machine: Machine;
  readonly target: Target;
}

/** What the checks that send requests work with. */
export interface DoctorContext extends Environment {
  readonly settings: RoleSettings;
  readonly resolved: ResolvedSettings;
  readonly reader: MetadataReader;
}
