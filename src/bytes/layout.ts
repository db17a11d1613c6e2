import bufferLayout from "buffer-layout";
import { hex, NomountError, type Where } from "../error.ts";

/**
 * The one place that knows buffer-layout. A format declares a structure once:
 *
 *     const partitionEntry = struct("MBR partition entry", { status: u8(), startLba: u32le(), ... });
 *     const entry = partitionEntry.view(sector, 446);
 *     entry.startLba;                                  // read where it lies, at this moment
 *     partitionEntry.offsetOf("startLba");             // for hot loops and error positions
 *
 * buffer-layout lays the fields out; values are read through DataView, since its own decode wants a Node Buffer, copies
 * everything, returns short blobs silently and rounds 64-bit values. 64-bit fields are bigint here: `safeNumber` makes
 * numbers of them.
 */
export interface Field<T> {
  readonly layout: (property: string) => FieldLayout;
  readonly read: (view: DataView, offset: number) => T;
  readonly write: (view: DataView, offset: number, value: T) => void;
}

/** A field as buffer-layout has it; told here, since the package ships no types that ours could refer to. */
interface FieldLayout {
  readonly span: number;
  readonly property: string | undefined;
}

// Not `Field<unknown>`: `write` makes T invariant.
export type Fields = Readonly<Record<string, Field<never> | Field<number> | Field<bigint> | Field<Uint8Array>>>;
type ValueOf<F> = F extends Field<infer T> ? T : never;

/** The fields of a structure, each read from the bytes on access. */
export type View<F extends Fields> = { readonly [K in keyof F]: ValueOf<F[K]> };

export interface Struct<F extends Fields> {
  /** As messages name it: "GPT header", "FILE record". */
  readonly name: string;
  readonly sizeBytes: number;
  offsetOf(field: keyof F & string): number;
  /** A view at `offsetBytes` of `bytes`; throws `corrupt` when the structure does not fit there. It aliases the bytes. */
  view(bytes: Uint8Array | DataView, offsetBytes?: number, where?: Where): View<F>;
  /** The structure as bytes, fields that are not given being zero: for tests and fixtures. */
  encode(values: Partial<View<F>>): Uint8Array;
}

export const u8 = (): Field<number> => ({
  layout: (property) => bufferLayout.u8(property),
  read: (view, offset) => view.getUint8(offset),
  write: (view, offset, value) => view.setUint8(offset, value),
});

export const s8 = (): Field<number> => ({
  layout: (property) => bufferLayout.s8(property),
  read: (view, offset) => view.getInt8(offset),
  write: (view, offset, value) => view.setInt8(offset, value),
});

export const u16le = (): Field<number> => ({
  layout: (property) => bufferLayout.u16(property),
  read: (view, offset) => view.getUint16(offset, true),
  write: (view, offset, value) => view.setUint16(offset, value, true),
});

export const u16be = (): Field<number> => ({
  layout: (property) => bufferLayout.u16be(property),
  read: (view, offset) => view.getUint16(offset, false),
  write: (view, offset, value) => view.setUint16(offset, value, false),
});

export const u32le = (): Field<number> => ({
  layout: (property) => bufferLayout.u32(property),
  read: (view, offset) => view.getUint32(offset, true),
  write: (view, offset, value) => view.setUint32(offset, value, true),
});

export const u32be = (): Field<number> => ({
  layout: (property) => bufferLayout.u32be(property),
  read: (view, offset) => view.getUint32(offset, false),
  write: (view, offset, value) => view.setUint32(offset, value, false),
});

export const s32le = (): Field<number> => ({
  layout: (property) => bufferLayout.s32(property),
  read: (view, offset) => view.getInt32(offset, true),
  write: (view, offset, value) => view.setInt32(offset, value, true),
});

export const u64le = (): Field<bigint> => ({
  layout: (property) => bufferLayout.nu64(property),
  read: (view, offset) => view.getBigUint64(offset, true),
  write: (view, offset, value) => view.setBigUint64(offset, value, true),
});

export const s64le = (): Field<bigint> => ({
  layout: (property) => bufferLayout.ns64(property),
  read: (view, offset) => view.getBigInt64(offset, true),
  write: (view, offset, value) => view.setBigInt64(offset, value, true),
});

export const u64be = (): Field<bigint> => ({
  layout: (property) => bufferLayout.nu64be(property),
  read: (view, offset) => view.getBigUint64(offset, false),
  write: (view, offset, value) => view.setBigUint64(offset, value, false),
});

/** A fixed number of bytes; its value is a window on the source bytes, not a copy. */
export const blob = (lengthBytes: number): Field<Uint8Array> => ({
  layout: (property) => bufferLayout.blob(lengthBytes, property),
  read: (view, offset) => new Uint8Array(view.buffer, view.byteOffset + offset, lengthBytes),
  write: (view, offset, value) => {
    if (value.length > lengthBytes) throw new RangeError(`blob of ${lengthBytes} bytes was given ${value.length}`);
    new Uint8Array(view.buffer, view.byteOffset + offset, lengthBytes).set(value);
  },
});

export function struct<F extends Fields>(name: string, fields: F): Struct<F> {
  const properties = Object.keys(fields);
  const structure = bufferLayout.struct(properties.map((property) => fieldOf(fields, property).layout(property)));
  const sizeBytes = structure.span;
  const offsets = new Map<string, number>();
  for (const property of properties) offsets.set(property, structure.offsetOf(property) ?? 0);

  class FieldView {
    readonly #view: DataView;
    readonly #base: number;
    constructor(view: DataView, base: number) {
      this.#view = view;
      this.#base = base;
    }
    static {
      for (const property of properties) {
        const { read } = fieldOf(fields, property);
        const offset = offsets.get(property) ?? 0;
        Object.defineProperty(FieldView.prototype, property, {
          enumerable: true,
          get(this: FieldView) {
            return read(this.#view, this.#base + offset);
          },
        });
      }
    }
  }

  return {
    name,
    sizeBytes,
    offsetOf: (field) => offsets.get(field) ?? 0,
    view: (bytes, offsetBytes = 0, where) => {
      if (!(offsetBytes >= 0 && offsetBytes + sizeBytes <= bytes.byteLength)) {
        const room = Math.max(0, bytes.byteLength - offsetBytes);
        throw new NomountError(
          "corrupt",
          `${name} at offset ${hex(offsetBytes)} needs ${sizeBytes} bytes, found ${room}`,
          where ? { where } : {},
        );
      }
      const view = bytes instanceof DataView ? bytes : new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      const fieldView: object = new FieldView(view, offsetBytes);
      return fieldView as View<F>;
    },
    encode: (values) => {
      const bytes = new Uint8Array(sizeBytes);
      const view = new DataView(bytes.buffer);
      for (const [property, value] of Object.entries(values)) {
        fieldOf(fields, property).write(view, offsets.get(property) ?? 0, value as never);
      }
      return bytes;
    },
  };
}

function fieldOf(fields: Fields, property: string): Field<never> {
  const field = fields[property];
  if (field === undefined) throw new RangeError(`no field ${property}`);
  return field as Field<never>;
}
