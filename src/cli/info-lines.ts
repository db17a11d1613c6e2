import { NomountError } from "../error.ts";
import type { FileSystem } from "../filesystem/file-system.ts";
import type { Content, Place } from "../image/image.ts";
import type { Finding } from "../image/scan.ts";
import { isoTime } from "../volume/iso-time.ts";
import type { Detail, VolumeTable } from "../volume/volume.ts";
import { quoted } from "./format/long-line.ts";
import { longSize } from "./format/size.ts";
import { tableLines } from "./format/table.ts";
import { safeLine } from "./output.ts";
import { volumeRows } from "./volume-rows.ts";

export interface InfoView {
  /** With everything that is known of each volume and filesystem. */
  readonly long: boolean;
  /** With volumes that are only parts of others. */
  readonly all: boolean;
  /** With earlier states of volume groups. */
  readonly history: boolean;
  /** Called for whatever cannot be read. */
  readonly damaged: () => void;
}

type Titled = { readonly format: string; readonly label?: string | undefined; readonly uuid?: string | undefined };

const SCHEME_WORDS: Readonly<Record<VolumeTable["scheme"], string>> = {
  mbr: "MBR partition table",
  gpt: "GPT partition table",
  md: "Linux RAID array",
  lvm2: "LVM2 volume group",
};

/** A disk and everything inside it, as a tree: a table of its volumes, then what each of them holds, two columns further in. */
export function placeLines(root: Place, view: InfoView): string[] {
  const { source, content } = root;
  const sectorBytes = content.kind === "volumes" ? content.table.sectorBytes : undefined;
  const size = [longSize(source.sizeBytes)];
  if (source.sizeBytes >= 1024) size.push(`${source.sizeBytes} bytes`);
  if (sectorBytes !== undefined) size.push(`${Math.floor(source.sizeBytes / sectorBytes)} sectors of ${sectorBytes} bytes`);
  const details = view.long ? (root.volume?.details?.() ?? []).map(detailLine) : [];
  return [`${safeLine(source.label)}: ${size.join(", ")}`, ...details, ...contentLines(root, view).map(indent)];
}

export function findingLine(finding: Finding): string {
  const size = finding.sizeBytes === undefined ? [] : [longSize(finding.sizeBytes)];
  return [`@${finding.offsetBytes}: ${titled(finding)}`, ...size, ...finding.notes.map(safeLine)].join(", ");
}

/** The first line says what it is; those after it, if any, what is inside. */
function contentLines({ content }: Place, view: InfoView): string[] {
  switch (content.kind) {
    case "filesystem":
      return fileSystemLines(content, view);
    case "volumes":
      return volumesLines(content, view);
    case "member":
      return [`part of the ${titledTable(content.table)}, shown at ${safeLine(content.of.address) || "the top"}`];
    case "recognised":
      return [
        `${titled(content)}, not read by this version${content.advice === undefined ? "" : `: ${safeLine(content.advice)}`}`,
      ];
    case "damaged":
      return [damaged(content.error, view)];
    case "unknown":
      return ["nothing that nomount knows"];
  }
}

function fileSystemLines(content: Extract<Content, { kind: "filesystem" }>, view: InfoView): string[] {
  let fileSystem: FileSystem;
  try {
    fileSystem = content.open();
  } catch (error) {
    if (!(error instanceof NomountError)) throw error;
    return [`${titled({ ...content, format: content.type })}, ${damaged(error, view)}`];
  }
  const { type, label, uuid, space, state } = fileSystem;
  const used = `${longSize(space.sizeBytes - space.freeBytes)} of ${longSize(space.sizeBytes)} used`;
  const warning = state.warning === undefined ? "" : `: ${safeLine(state.warning)}`;
  const line = `${titled({ format: type, label, uuid })}, ${used}, ${state.clean ? "clean" : "dirty"}${warning}`;
  if (view.long) return [line, ...fileSystemDetails(fileSystem).map(detailLine)];
  return state.journal?.dirty === true ? [line, detailLine({ name: "journal", value: state.journal.summary })] : [line];
}

function fileSystemDetails({ details, state }: FileSystem): Detail[] {
  const words = Object.entries(details).map(([name, value]) => ({ name: inWords(name), value: [value].flat().join(" ") }));
  return state.journal === undefined ? words : [...words, { name: "journal", value: state.journal.summary }];
}

/** "blockBytes" as "block bytes". */
function inWords(name: string): string {
  return name.replace(/([a-z])([A-Z])(?=[a-z])/g, (_, before: string, after: string) => `${before} ${after.toLowerCase()}`);
}

function volumesLines({ table, places }: Extract<Content, { kind: "volumes" }>, view: InfoView): string[] {
  const shown = places.filter(({ volume }) => view.all || volume?.hidden !== true);
  const lines = [titledTable(table), ...table.notes.map((note) => indent(`note: ${safeLine(note)}`))];
  if (view.long) lines.push(...(table.details?.() ?? []).map(detailLine));
  if (view.history) lines.push(...historyLines(table).map(indent));
  const { columns, rows } = volumeRows(table, shown);
  lines.push(...tableLines(columns, rows).map(indent));
  for (const place of shown) {
    const details = view.long ? (place.volume?.details?.() ?? []).map(detailLine) : [];
    if (place.volume?.container === true && details.length === 0) continue;
    const [first = "", ...inner] = place.volume?.container === true ? ["a container of others"] : contentLines(place, view);
    lines.push(indent(`${safeLine(place.address)}: ${first}`), ...[...details, ...inner].map((line) => indent(indent(line))));
  }
  return lines;
}

/** Oldest first, as `--at-seqno` takes them. */
function historyLines({ history }: VolumeTable): string[] {
  if (history === undefined) return [];
  const rows = history().map(({ seqno, writtenAt, volumes, description = "" }) => {
    const written = writtenAt === undefined ? "-" : isoTime(writtenAt);
    return [String(seqno), written, safeLine(volumes.join(", ")), safeLine(description)];
  });
  return tableLines(
    [
      { title: "Seqno", align: "right" },
      { title: "Written", align: "left" },
      { title: "Volumes", align: "left" },
      { title: "By", align: "left" },
    ],
    rows,
  );
}

/** A format with its label and UUID where it has them: `ext4 "root" 5b1f2f0e-...`. */
function titled({ format, label = "", uuid = "" }: Titled): string {
  return [safeLine(format), label === "" ? "" : quoted(label), safeLine(uuid)].filter((part) => part !== "").join(" ");
}

function titledTable({ scheme, label, uuid }: VolumeTable): string {
  return titled({ format: SCHEME_WORDS[scheme], label, uuid });
}

function damaged(error: NomountError, view: InfoView): string {
  view.damaged();
  return `cannot be read: ${safeLine(error.message)}`;
}

function detailLine({ name, value }: Detail): string {
  return indent(`${safeLine(name)}: ${safeLine(value)}`);
}

function indent(line: string): string {
  return `  ${line}`;
}
