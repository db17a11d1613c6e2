/** A function of the C library. Numbers that do not fit into a double come and go as bigints. */
export type Call = (...args: readonly (number | bigint | Uint8Array | null)[]) => number;

/** The C library of this process. */
export interface CLibrary {
  /** Binds a function by its declaration in C. */
  readonly bind: (declaration: string) => Call;
  /** Throws an error with the `code` that Node's own errors have, unless the result of a call is 0. */
  readonly check: (syscall: string, result: number) => void;
}

/** And little-endian, as callers write structures. */
const SIXTY_FOUR_BIT = new Set(["x64", "arm64", "riscv64", "loong64"]);

/**
 * Opens it through the optional package koffi, or gives undefined where that is not installed or the layout of structures is not
 * that of 64-bit Linux.
 */
export async function loadCLibrary(): Promise<CLibrary | undefined> {
  // Not imported: Node would open its stream of standard output, which makes a pipe non-blocking.
  const { arch, platform } = process;
  if (platform !== "linux" || !SIXTY_FOUR_BIT.has(arch)) return undefined;
  try {
    const { default: koffi } = await import("koffi");
    const library = koffi.load(null);
    const codes = new Map(Object.entries(koffi.os.errno).map(([code, number]) => [number, code]));
    return {
      bind: (declaration) => library.func(declaration),
      check: (syscall, result) => {
        if (result === 0) return;
        const code = codes.get(koffi.errno()) ?? `errno ${koffi.errno()}`;
        throw Object.assign(new Error(`${code}: ${syscall} failed`), { code, syscall });
      },
    };
  } catch {
    return undefined;
  }
}
