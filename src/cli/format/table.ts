/** A column of a table: its heading and the side its cells stand on. */
export interface Column {
  readonly title: string;
  readonly align: "left" | "right";
}

/**
 * Lines of a table, the heading first, cells two spaces apart, nothing after the last. Widths are counted in characters:
 * cells have passed `nameForDisplay`, so each stands for at least one column.
 */
export function tableLines(columns: readonly Column[], rows: readonly (readonly string[])[]): string[] {
  const all = [columns.map((column) => column.title), ...rows];
  const widths = columns.map((_, i) => Math.max(...all.map((row) => row[i]?.length ?? 0)));
  return all.map((row) =>
    columns
      .map((column, i) => {
        const cell = row[i] ?? "";
        return column.align === "left" ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0);
      })
      .join("  ")
      .trimEnd(),
  );
}
