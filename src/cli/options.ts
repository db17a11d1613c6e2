import { type Command, InvalidArgumentError } from "commander";

/** What every command that reads an image takes. */
export interface ImageOptions {
  readonly sectorSize?: number;
  readonly spoolDir?: string;
  /** False with --no-replay. */
  readonly replay?: boolean;
  readonly journal?: string;
  readonly pv?: readonly string[];
  readonly leg?: ReadonlyMap<string, number>;
  readonly atSeqno?: { readonly seqno: number; readonly group: string | undefined };
  readonly json?: boolean;
}

export const IMAGE_ARGUMENT = "disk image, block device, first part of a split image, or - for standard input";
export const ADDRESS_ARGUMENT = "[VOLUME:]PATH inside it, as `nomount info` names volumes";

/** Adds the options that say how an image is read, and `--json`. */
export function withImageOptions(command: Command, json: string): Command {
  return command
    .option("--json", json)
    .option("--sector-size <bytes>", "logical sector size of the disk, 512 or 4096, where its tables do not tell", sectorSize)
    .option("--spool-dir <folder>", "where standard input (-) is kept while it is read; default: the system's temporary folder")
    .option(
      "--no-replay",
      "show filesystems as they lie on the disk, not as their guests would recover them from their journals",
    )
    .option("--journal <file>", "device or image with the journal of an ext filesystem, where it is not on the same one")
    .option("--pv <file>", "a further disk or image of the same volume group or array; may be given several times", collect)
    .option(
      "--leg <volume=n>",
      "read a mirror (vg/lv, md0) from its leg n alone, counted from 0, stale or not; may be given several times",
      collectLeg,
    )
    .option(
      "--at-seqno <[group:]n>",
      "open a volume group as its metadata text n describes it, as `info --history` lists them",
      parsedBy(seqnoOf),
    )
    .helpOption("--help", "show this help");
}

/** Examples as they stand below a command's help: a comment and the line to type. */
export function examples(...lines: readonly (readonly [comment: string, line: string])[]): string {
  return `\nExamples:\n${lines.map(([comment, line]) => `  # ${comment}\n  ${line}\n`).join("")}`;
}

/** For an option that may be given several times. */
export function collect(value: string, previous: readonly string[] = []): readonly string[] {
  return [...previous, value];
}

/** Makes an option's parser of a function that throws a plain `Error` with what was expected. */
export function parsedBy<T>(parse: (text: string) => T): (text: string) => T {
  return (text) => {
    try {
      return parse(text);
    } catch (error) {
      throw new InvalidArgumentError(error instanceof Error ? error.message : String(error));
    }
  };
}

function sectorSize(text: string): number {
  if (text !== "512" && text !== "4096") throw new InvalidArgumentError("expected 512 or 4096");
  return Number(text);
}

function collectLeg(text: string, previous: ReadonlyMap<string, number> = new Map()): ReadonlyMap<string, number> {
  const [, volume, leg] = /^(.+)=(\d{1,4})$/.exec(text) ?? [];
  if (volume === undefined) throw new InvalidArgumentError("expected a volume and the number of a leg: vg0/root=1");
  return new Map([...previous, [volume, Number(leg)]]);
}

function seqnoOf(text: string): { readonly seqno: number; readonly group: string | undefined } {
  const [, group, seqno] = /^(?:(.+):)?(\d{1,10})$/.exec(text) ?? [];
  if (seqno === undefined) throw new Error("expected a number, or a group and a number: vg0:12");
  return { seqno: Number(seqno), group };
}
