interface Equivalent {
  readonly file: string;
  /** The code that the mutant takes the place of, white space aside. */
  readonly from: string;
  /** What it becomes; any replacement when left out. */
  readonly to?: string;
  readonly reason: string;
}

/** The mutants that no test can kill, as they change nothing that could be seen. */
const EQUIVALENTS: readonly Equivalent[] = [];

const squeezed = (code: string): string => code.replace(/\s+/g, " ");

/** Why a mutant that survived is one that nobody can tell from the original. */
export const reasonFor = (file: string, from: string, to: string): string | undefined =>
  EQUIVALENTS.find(
    (known) =>
      known.file === file &&
      squeezed(known.from) === squeezed(from) &&
      (known.to === undefined || squeezed(known.to) === squeezed(to)),
  )?.reason;
