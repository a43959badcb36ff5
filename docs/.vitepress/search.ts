/**
 * How the search reads texts and questions. An error code counts as a word besides its parts, so that it finds its
 * own section first. The site gets the source of this function: it may use nothing from outside.
 */
export const SEARCH = {
  tokenize: (text: string): string[] => [
    ...text.split(/[\n\r\p{Z}\p{P}]+/u),
    ...(text.match(/[a-z0-9]+(?:_[a-z0-9]+)+/gi) ?? []),
  ],
};
