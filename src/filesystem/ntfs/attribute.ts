import { u64leOrNaN } from "../../bytes/int64.ts";
import { nameFromUtf16le } from "../../bytes/names.ts";
import { hex } from "../../error.ts";
import { attributeTitle } from "./ids.ts";
import { attributeHeader, nonResidentAttribute, residentAttribute } from "./layout.ts";

const LENGTH = attributeHeader.offsetOf("lengthBytes");
const NON_RESIDENT = attributeHeader.offsetOf("nonResident");
const NAME_LENGTH = attributeHeader.offsetOf("nameLength");
const NAME_OFFSET = attributeHeader.offsetOf("nameOffset");
const FLAGS = attributeHeader.offsetOf("flags");

const HEADER_BYTES = attributeHeader.sizeBytes;
const VALUE_BYTES = HEADER_BYTES + residentAttribute.offsetOf("valueBytes");
const VALUE_OFFSET = HEADER_BYTES + residentAttribute.offsetOf("valueOffset");
const RESIDENT_BYTES = HEADER_BYTES + residentAttribute.sizeBytes;

const START_VCN = HEADER_BYTES + nonResidentAttribute.offsetOf("startVcn");
const RUNS_OFFSET = HEADER_BYTES + nonResidentAttribute.offsetOf("runsOffset");
const COMPRESSION_UNIT = HEADER_BYTES + nonResidentAttribute.offsetOf("compressionUnitPower");
const DATA_BYTES = HEADER_BYTES + nonResidentAttribute.offsetOf("dataBytes");
const INITIALIZED_BYTES = HEADER_BYTES + nonResidentAttribute.offsetOf("initializedBytes");
const NON_RESIDENT_BYTES = HEADER_BYTES + nonResidentAttribute.sizeBytes;

/** An attribute where it lies in its record, which was checked by `attributeProblem`. Its parts are windows on the record. */
export class Attribute {
  readonly type: number;
  readonly name: string;
  /** The record's bytes, and where in them the attribute begins. */
  readonly view: DataView;
  readonly offset: number;

  constructor(view: DataView, offset: number) {
    this.type = view.getUint32(offset, true);
    this.view = view;
    this.offset = offset;
    const nameLength = view.getUint8(offset + NAME_LENGTH);
    const nameAt = offset + view.getUint16(offset + NAME_OFFSET, true);
    this.name = nameLength === 0 ? "" : nameFromUtf16le(this.#window(nameAt, 2 * nameLength));
  }

  /** 0x00ff compression, 0x4000 encrypted, 0x8000 sparse. */
  get flags(): number {
    return this.view.getUint16(this.offset + FLAGS, true);
  }

  get isResident(): boolean {
    return this.view.getUint8(this.offset + NON_RESIDENT) === 0;
  }

  /** Where the value of a resident attribute lies in `view`. */
  get valueOffset(): number {
    return this.offset + this.view.getUint16(this.offset + VALUE_OFFSET, true);
  }

  /** Of a resident attribute. */
  get valueBytes(): number {
    return this.view.getUint32(this.offset + VALUE_BYTES, true);
  }

  /** Of a resident attribute. */
  get value(): Uint8Array {
    return this.#window(this.valueOffset, this.valueBytes);
  }

  /** First cluster that this part of the attribute covers; 0 of a resident one. */
  get startVcn(): number {
    return this.isResident ? 0 : u64leOrNaN(this.view, this.offset + START_VCN);
  }

  /** Of a non-resident attribute: its mapping pairs. */
  get runList(): Uint8Array {
    const start = this.view.getUint16(this.offset + RUNS_OFFSET, true);
    return this.#window(this.offset + start, this.view.getUint32(this.offset + LENGTH, true) - start);
  }

  /** Of a non-resident attribute: 2 to this power clusters are compressed as one; 0 where nothing is. */
  get compressionUnitPower(): number {
    return this.view.getUint16(this.offset + COMPRESSION_UNIT, true);
  }

  /** Size of the content, as the first part of the attribute says it; NaN at 2^53 and above. */
  get dataBytes(): number {
    return this.isResident ? this.valueBytes : u64leOrNaN(this.view, this.offset + DATA_BYTES);
  }

  /** The valid data length, as above. */
  get initializedBytes(): number {
    return this.isResident ? this.valueBytes : u64leOrNaN(this.view, this.offset + INITIALIZED_BYTES);
  }

  #window(offset: number, lengthBytes: number): Uint8Array {
    return new Uint8Array(this.view.buffer, this.view.byteOffset + offset, lengthBytes);
  }
}

export function attributeLength(view: DataView, offset: number): number {
  return view.getUint32(offset + LENGTH, true);
}

/** What is wrong with the attribute at `offset` of the record at `start` that is used up to `limit`, or undefined. */
export function attributeProblem(view: DataView, start: number, offset: number, limit: number): string | undefined {
  const place = start + offset;
  const room = limit - offset;
  if (room < RESIDENT_BYTES) return `the attribute at ${hex(offset)} reaches past the used ${limit} bytes`;
  const problem = problemAt(view, place, room);
  return problem === undefined ? undefined : `${attributeTitle(view.getUint32(place, true), "")} at ${hex(offset)} ${problem}`;
}

function problemAt(view: DataView, offset: number, room: number): string | undefined {
  const length = attributeLength(view, offset);
  if (length < RESIDENT_BYTES || length > room || length % 8 !== 0)
    return `has a length of ${length}: expected a multiple of 8 up to ${room}`;
  const nonResident = view.getUint8(offset + NON_RESIDENT);
  if (nonResident > 1) return `is neither resident nor non-resident: ${nonResident}`;
  const nameBytes = 2 * view.getUint8(offset + NAME_LENGTH);
  if (nameBytes > 0 && view.getUint16(offset + NAME_OFFSET, true) + nameBytes > length)
    return `has a name that reaches past its ${length} bytes`;
  if (nonResident === 0) {
    const valueBytes = view.getUint32(offset + VALUE_BYTES, true);
    const fits = view.getUint16(offset + VALUE_OFFSET, true) + valueBytes <= length;
    return fits ? undefined : `has a value of ${valueBytes} bytes that reaches past its ${length}`;
  }
  if (length < NON_RESIDENT_BYTES) return `is too short to be non-resident: ${length} bytes`;
  if (Number.isNaN(u64leOrNaN(view, offset + START_VCN))) return "begins at a VCN of 2^53 or above";
  const runs = view.getUint16(offset + RUNS_OFFSET, true);
  return runs > length ? `has a run list past its ${length} bytes` : undefined;
}
