// Runs nomount/core as another runtime would see it: without what Node adds to JavaScript.
import { parentPort, workerData } from "node:worker_threads";

delete globalThis.Buffer;
delete globalThis.process;
const { extract, fileSystemDrivers, MemorySource, openImage, pump, volumeDrivers, walk } = await import(workerData.core);

const image = openImage(new MemorySource(workerData.image, "guest-disk.img"), {
  volumeDrivers,
  fileSystemDrivers: fileSystemDrivers(() => workerData.wasm),
});
const countOf = (volume) => {
  const { fileSystem, node } = image.locate(`${volume}:/`);
  return [...walk(fileSystem, node, (_, error) => Promise.reject(error))].length;
};
const contentOf = async (address) => {
  const { fileSystem, node } = image.locate(address);
  let text = "";
  for await (const chunk of pump(fileSystem.content(node.id))) text += new TextDecoder().decode(chunk.bytes);
  return text;
};
/** A destination that keeps nothing: that the copy itself runs is what is shown. */
const copied = [];
const sink = {
  open: async (events) => {
    sink.events = events;
    return {};
  },
  add: (entry) => {
    copied.push(entry.path);
    sink.events.done(entry);
  },
  finish: async () => {},
  abort: async () => {},
};
const report = await extract([image.locate("p2:/etc")], sink);
if (report.ended !== undefined || copied.length < 5) throw new Error(`copied ${copied}`);

parentPort.postMessage({
  globals: [typeof Buffer, typeof process],
  places: [...image.places()].map(({ address }) => address),
  p1: countOf("p1"),
  p2: countOf("p2"),
  hostname: await contentOf("p2:/etc/hostname"),
  fstabBytes: (await contentOf("p2:/etc/fstab")).length,
});
