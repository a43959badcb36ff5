/** Where a setting's value comes from, precisely enough to find it and change it. */
export type SettingSource =
  | { readonly kind: "default" }
  | { readonly kind: "option"; readonly option: string }
  | { readonly kind: "environment"; readonly variable: string }
  | {
      readonly kind: "config file" | "credentials file";
      readonly path: string;
      /** The header as it is in the file, such as `[profile app]`. */
      readonly header: string;
      readonly key: string;
    };

/** A setting's value and its source. */
export interface ResolvedSetting<T> {
  readonly value: T;
  readonly from: SettingSource;
}

/** As it is in a sentence: "the environment variable AWS_METADATA_SERVICE_TIMEOUT". */
export function describeSource(from: SettingSource): string {
  switch (from.kind) {
    case "default":
      return "the default";
    case "option":
      return `the option ${from.option}`;
    case "environment":
      return `the environment variable ${from.variable}`;
    default:
      return `the key ${from.key} in section ${from.header} of the shared ${from.kind} ${from.path}`;
  }
}
