import { constants } from "node:fs";
import { type FileHandle, open, stat } from "node:fs/promises";
import { noFileDescriptorError } from "../errors/messages.js";
import { systemCodeOf } from "../errors/system-code.js";

const MAX_BYTES = 1024 * 1024;

/** What a file holds: an empty text if it is missing or not to be read. */
export interface SmallFile {
  readonly text: string;
  /** Why a file that is there is not read. */
  readonly ignoredBecause?: string;
}

/**
 * Reads a regular file of at most 1 MiB; anything else counts as empty.
 *
 * @throws InstanceMetadataError `IMDS_UNREACHABLE` when no file descriptor is left: the file itself may be fine.
 */
export async function readSmallFile(path: string): Promise<SmallFile> {
  try {
    // Opening alone would wait for the other end of a FIFO, and can rewind a tape.
    if (!(await stat(path)).isFile()) return NOT_REGULAR;
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      return await readAll(file);
    } finally {
      await file.close();
    }
  } catch (error) {
    const code = systemCodeOf(error);
    if (code === "EMFILE" || code === "ENFILE") throw noFileDescriptorError(error);
    if (code === "ENOENT" || code === "ENOTDIR") return { text: "" };
    return { text: "", ignoredBecause: `it cannot be read (${code ?? "unknown error"})` };
  }
}

const NOT_REGULAR: SmallFile = { text: "", ignoredBecause: "it is not a regular file" };

/** Counts what it reads: the size from `stat` is 0 for files of `/proc`, and the file may be growing. */
async function readAll(file: FileHandle): Promise<SmallFile> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for (;;) {
    const { bytesRead, buffer } = await file.read({ buffer: Buffer.alloc(64 * 1024) });
    if (bytesRead === 0) return { text: Buffer.concat(chunks).toString("utf8") };
    bytes += bytesRead;
    if (bytes > MAX_BYTES) return { text: "", ignoredBecause: "it is larger than 1 MiB" };
    chunks.push(buffer.subarray(0, bytesRead));
  }
}
