const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";

function base32(value: number, length: number): string {
  let text = "";
  let rest = value;
  for (let index = 0; index < length; index++) {
    text = ALPHABET.charAt(rest % 32) + text;
    rest = Math.floor(rest / 32);
  }
  return text;
}

/** Every pair of characters, so that a counter becomes text in a few look-ups. */
const PAIRS = Array.from({ length: 1_024 }, (_, value) => base32(value, 2));

let isolate = "";
let counter = 0;
let lastAt = -1;
let prefix = "";

/**
 * Makes an execution id that sorts by time: 50 bits of milliseconds, 40 random bits of this isolate,
 * a 20-bit counter. Cheaper than random bytes per request; the id is a name and no secret.
 */
export function newExecutionId(now: number): string {
  if (isolate === "") {
    for (const byte of crypto.getRandomValues(new Uint8Array(8))) isolate += ALPHABET.charAt(byte & 31);
  }
  if (now !== lastAt) {
    lastAt = now;
    prefix = `exe_${base32(now, 10)}${isolate}`;
  }
  counter = (counter + 1) & 0xfffff;
  return prefix + PAIRS[counter >> 10] + PAIRS[counter & 1_023];
}
