/** The part of buffer-layout 1.2.2 that `layout.ts` uses; the package ships no types. */
declare module "buffer-layout" {
  export interface Layout {
    readonly span: number;
    readonly property: string | undefined;
  }
  export interface Structure extends Layout {
    offsetOf(property: string): number | undefined;
  }
  const bufferLayout: {
    u8(property?: string): Layout;
    u16(property?: string): Layout;
    u16be(property?: string): Layout;
    u32(property?: string): Layout;
    u32be(property?: string): Layout;
    s8(property?: string): Layout;
    s32(property?: string): Layout;
    nu64(property?: string): Layout;
    nu64be(property?: string): Layout;
    ns64(property?: string): Layout;
    blob(length: number, property?: string): Layout;
    struct(fields: readonly Layout[], property?: string): Structure;
  };
  export default bufferLayout;
}
