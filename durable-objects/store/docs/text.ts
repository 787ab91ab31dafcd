const encoder = new TextEncoder();
const ESCAPED_ZERO = [0, 0xff];

/**
 * The UTF-8 of a text for use inside a key: a zero byte is followed by 255, so that the key's own zeros are told apart.
 * Half of a surrogate pair gets the bytes of its own code point, for every text needs its own. At most so many bytes
 * of that, and whether it cut something off.
 */
export function encodeText(text: string, bytesMax: number): { bytes: Uint8Array; cut: boolean } {
  // Every character is a byte at least.
  const head = text.length > bytesMax ? text.slice(0, bytesMax) : text;
  const utf8 = head.isWellFormed() ? encoder.encode(head) : Uint8Array.from(generalizedUtf8(head));
  const all = utf8.includes(0) ? escaped(utf8) : utf8;
  if (head === text && all.length <= bytesMax) return { bytes: all, cut: false };
  const end = all[bytesMax - 1] === 0 ? bytesMax - 1 : bytesMax;
  return { bytes: all.subarray(0, end), cut: true };
}

function escaped(bytes: Uint8Array): Uint8Array {
  return Uint8Array.from(Array.from(bytes).flatMap((byte) => (byte === 0 ? ESCAPED_ZERO : [byte])));
}

function generalizedUtf8(text: string): number[] {
  return Array.from(text).flatMap((character) => {
    const point = character.codePointAt(0) ?? 0;
    if (point < 0xd800 || point > 0xdfff) return Array.from(encoder.encode(character));
    return [0xe0 | (point >> 12), 0x80 | ((point >> 6) & 0x3f), 0x80 | (point & 0x3f)];
  });
}
