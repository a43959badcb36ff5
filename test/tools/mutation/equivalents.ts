interface Equivalent {
  readonly file: string;
  /** The code that the mutant takes the place of, white space aside. */
  readonly from: string;
  /** What it becomes; any replacement when left out. */
  readonly to?: string;
  readonly reason: string;
}

const CACHE = "src/cache/credentials-cache.ts";
const DOCUMENT = "src/imds/credentials-document.ts";
const TOKEN = "src/imds/session-token.ts";
const PAUSE = "src/cache/refresh-pause.ts";

const ONLY_SLOWER =
  "it only costs the short way of a warm call, whose garbage and time test/tools/bench/counts.test.ts and the benchmarks hold";
const ONLY_A_TIMER = "a timer more finds nothing to do when it fires, and ends";
const IN_A_PROCESS = "it shows in a whole process only: test/system/process has it, with the packed package";

/** The mutants that no test of theirs can kill, each with the reason. */
const EQUIVALENTS: readonly Equivalent[] = [
  {
    file: PAUSE,
    from: "this.msLeft <= LONGEST_PAUSE_WHEN_INVALIDATED_MS",
    to: "this.msLeft < LONGEST_PAUSE_WHEN_INVALIDATED_MS",
    reason: "a pause that ends in a minute is set to end in a minute",
  },
  { file: CACHE, from: "this.#held !== undefined && wallClock() < this.#freshUntil", reason: ONLY_SLOWER },
  {
    file: CACHE,
    from: "this.#held !== undefined",
    reason: `without a set the moment is always past; otherwise ${ONLY_SLOWER}`,
  },
  { file: CACHE, from: 'state === "fresh" && this.timer.isSet', to: "false", reason: ONLY_SLOWER },
  {
    file: CACHE,
    from: 'state === "fresh"',
    reason: `what is served until the next look is due is the set at hand, in every state; otherwise ${ONLY_SLOWER}`,
  },
  { file: CACHE, from: "wallClock() + this.#msUntilDue(held)", reason: ONLY_SLOWER },
  {
    file: CACHE,
    from: "this.#held === undefined",
    to: "false",
    reason: "a first set is always taken; the compiler wants to hear it",
  },
  { file: CACHE, from: 'member.interest !== "gone"', to: "true", reason: IN_A_PROCESS },
  { file: CACHE, from: 'member.interest === "gone"', to: "false", reason: IN_A_PROCESS },
  { file: CACHE, from: "{ release(); }", to: "{}", reason: IN_A_PROCESS },
  {
    file: CACHE,
    from: "!this.timer.isSet",
    to: "true",
    reason: "a provider joins when it is called, and a call starts a look that is due",
  },
  { file: CACHE, from: "held === undefined || this.#look || !this.#isWanted()", reason: ONLY_A_TIMER },
  { file: CACHE, from: "held === undefined || this.#look", reason: ONLY_A_TIMER },
  { file: CACHE, from: "held === undefined", to: "false", reason: ONLY_A_TIMER },
  {
    file: TOKEN,
    from: "pending.stop?.abort",
    reason: "where there is nothing to stop, the first reader never leaves, and so none is the last to",
  },
  { file: TOKEN, from: "{ once: true }", reason: "a signal is aborted once" },
  { file: TOKEN, from: "true", to: "false", reason: "a signal is aborted once" },
  {
    file: DOCUMENT,
    from: "[]",
    reason: "no text that is not a date becomes one by being replaced",
  },
  {
    file: DOCUMENT,
    from: "matched?.toUpperCase()",
    to: "matched?.toLowerCase()",
    reason: "this engine reads a date in small letters as well; not every one does",
  },
];

const squeezed = (code: string): string => code.replace(/\s+/g, " ");

/** Why a mutant that survived is one that nobody can tell from the original. */
export const reasonFor = (file: string, from: string, to: string): string | undefined =>
  EQUIVALENTS.find(
    (known) =>
      known.file === file &&
      squeezed(known.from) === squeezed(from) &&
      (known.to === undefined || squeezed(known.to) === squeezed(to)),
  )?.reason;
