/** What the SDK's loader says when there is no config file: stands in for it where the benchmark leaves it out. */
export const loadSharedConfigFiles = async (): Promise<{ configFile: object; credentialsFile: object }> => ({
  configFile: {},
  credentialsFile: {},
});
