import { SORTED_FIELD_BYTES_MAX } from "../../../contracts/limits.ts";
import { canonicalJson } from "./canonical.ts";
import { concat, inverted } from "./bytes.ts";
import { encodeText } from "./text.ts";

/**
 * Values as bytes whose order is that of documents: missing, null, false, true, numbers, texts by code points, arrays,
 * objects. No code is the beginning of another, so codes may follow each other. The end of a text that is longer
 * than what is sorted by is cut off, and the code says so.
 */

/** First byte of every code. */
export const TYPE = {
  missing: 0x01,
  null: 0x10,
  false: 0x20,
  true: 0x21,
  number: 0x30,
  text: 0x40,
  array: 0x50,
  object: 0x60,
};
const COMPLETE = [0, 0];
const CUT = [0, 1];

/** The code of one value. */
export interface Code {
  bytes: Uint8Array;
  /** Whether other values may have the same code. */
  cut: boolean;
  /** Whether it is that of a missing field, or one of its fields is. */
  missing: boolean;
}

const number = new DataView(new ArrayBuffer(8));

/** The code of a value of JSON; of undefined that of a missing field. */
export function codeOf(value: unknown): Code {
  if (value === undefined) return whole(TYPE.missing);
  if (value === null) return whole(TYPE.null);
  if (typeof value === "boolean") return whole(value ? TYPE.true : TYPE.false);
  if (typeof value === "number") return { bytes: numberCode(value), cut: false, missing: false };
  if (typeof value === "string") return textCode(TYPE.text, value);
  return textCode(Array.isArray(value) ? TYPE.array : TYPE.object, canonicalJson(value));
}

/** The code of several values in a row, those of descending fields turned round. */
export function keyOf(values: readonly unknown[], descending: readonly boolean[]): Code {
  const codes = values.map(codeOf);
  const bytes = concat(codes.map((code, index) => (descending[index] === true ? inverted(code.bytes) : code.bytes)));
  return { bytes, cut: codes.some(({ cut }) => cut), missing: codes.some(({ missing }) => missing) };
}

const whole = (type: number): Code => ({
  bytes: Uint8Array.of(type),
  cut: false,
  missing: type === TYPE.missing,
});

/** Big-endian, with the sign turned so that negative numbers come before, and among themselves the other way. */
function numberCode(value: number): Uint8Array {
  // There is one zero.
  number.setFloat64(0, value + 0);
  const bytes = new Uint8Array(9);
  bytes[0] = TYPE.number;
  const negative = number.getUint8(0) >= 0x80;
  for (let at = 0; at < 8; at += 1) {
    const byte = number.getUint8(at);
    bytes[at + 1] = negative ? byte ^ 0xff : at === 0 ? byte ^ 0x80 : byte;
  }
  return bytes;
}

function textCode(type: number, text: string): Code {
  const { bytes, cut } = encodeText(text, SORTED_FIELD_BYTES_MAX);
  return { bytes: concat([Uint8Array.of(type), bytes, Uint8Array.from(cut ? CUT : COMPLETE)]), cut, missing: false };
}
