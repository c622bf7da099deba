// Several files in one: a ZIP (PKWARE's APPNOTE 6.3) without compression, which pictures have already.

import { crc32 } from "./png.js";

const MOST = 2 ** 32 - 1; // bytes; more needs another form of the archive
const UTF8 = 0x0800;

/** A name that none of `taken` is, with a number before its ending. */
export function freeName(name, taken) {
  const [stem, ending] = [name.replace(/\.[^.]*$/, ""), name.match(/\.[^.]*$/)?.[0] ?? ""];
  let free = name;
  for (let i = 2; taken.has(free); i += 1) {
    free = `${stem}-${i}${ending}`;
  }
  taken.add(free);
  return free;
}

function header(signature, fields) {
  const bytes = new Uint8Array(4 + fields.reduce((sum, [size]) => sum + size, 0));
  const view = new DataView(bytes.buffer);
  view.setUint32(0, signature, true);
  let at = 4;
  for (const [size, value] of fields) {
    view[size === 4 ? "setUint32" : "setUint16"](at, value, true);
    at += size;
  }
  return bytes;
}

/** A Blob of the archive, or null where it would be larger than such an archive can be. `files` yields { name, blob }. */
export async function zip(files) {
  const now = new Date();
  const time = (now.getHours() << 11) | (now.getMinutes() << 5) | (now.getSeconds() >> 1);
  const date = ((now.getFullYear() - 1980) << 9) | ((now.getMonth() + 1) << 5) | now.getDate();
  const [parts, directory, taken] = [[], [], new Set()];
  let [offset, length] = [0, 0];
  for await (const { name, blob } of files) {
    const called = new TextEncoder().encode(freeName(name, taken));
    const crc = crc32(new Uint8Array(await blob.arrayBuffer()));
    const about = [[2, 20], [2, UTF8], [2, 0], [2, time], [2, date], [4, crc], [4, blob.size], [4, blob.size], [2, called.length], [2, 0]];
    const entry = header(0x02014b50, [[2, 20], ...about, [2, 0], [2, 0], [2, 0], [4, 0], [4, offset]]);
    parts.push(header(0x04034b50, about), called, blob);
    directory.push(entry, called);
    offset += 30 + called.length + blob.size;
    length += entry.length + called.length;
    if (offset + length > MOST || taken.size > 65_000) {
      return null;
    }
  }
  const end = header(0x06054b50, [[2, 0], [2, 0], [2, taken.size], [2, taken.size], [4, length], [4, offset], [2, 0]]);
  return new Blob([...parts, ...directory, end], { type: "application/zip" });
}
