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

let isolate = "";
let counter = 0;
let lastAt = -1;
let lastAtText = "";

/**
 * Makes an execution id that sorts by time: 50 bits of milliseconds, 40 random bits of this isolate,
 * a 25-bit counter. Cheaper than random bytes per request; the id is a name and no secret.
 */
export function newExecutionId(now: number): string {
  if (isolate === "") {
    for (const byte of crypto.getRandomValues(new Uint8Array(8))) isolate += ALPHABET.charAt(byte & 31);
  }
  if (now !== lastAt) {
    lastAt = now;
    lastAtText = base32(now, 10);
  }
  counter = (counter + 1) % 2 ** 25;
  return `exe_${lastAtText}${isolate}${base32(counter, 5)}`;
}
