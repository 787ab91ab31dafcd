const encoder = new TextEncoder();
const ESCAPED_ZERO = [0, 0xff];

/**
 * The UTF-8 of a text for use inside a key: a zero byte is followed by 255, so that the key's own zeros are told apart.
 * Half of a surrogate pair gets the bytes of its own code point, for every text needs its own. At most so many bytes
 * of it, and whether that cut something off.
 */
export function encodeText(text: string, bytesMax: number): { bytes: Uint8Array; cut: boolean } {
  // Every character is a byte at least.
  const head = text.length > bytesMax ? text.slice(0, bytesMax) : text;
  const utf8 = head.isWellFormed() ? encoder.encode(head) : Uint8Array.from(generalizedUtf8(head));
  const cut = head !== text || utf8.length > bytesMax;
  const kept = utf8.length > bytesMax ? utf8.subarray(0, bytesMax) : utf8;
  return { bytes: kept.includes(0) ? escaped(kept) : kept, cut };
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
