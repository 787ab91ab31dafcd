import { HOST_LENGTH_MAX } from "./limits.ts";

const DOT = 46;
const HYPHEN = 45;
const COLON = ":";
const LABEL_LENGTH_MAX = 63;
/** A trailing dot, and a colon with five digits. */
const DECORATION_LENGTH_MAX = 7;
const PORT = /^[0-9]{0,5}$/;

/**
 * Reads a `Host` header or an authority: lower case, port and one trailing dot removed. Null for
 * everything that is not a plain name of letters, digits and hyphens: addresses in brackets,
 * user information, empty or overlong labels, unencoded IDN. Never throws; the length is bounded first.
 */
export function parseHost(rawHost: string): { hostname: string } | null {
  if (rawHost.length > HOST_LENGTH_MAX + DECORATION_LENGTH_MAX) return null;
  let end = rawHost.indexOf(COLON);
  if (end === -1) end = rawHost.length;
  else if (!isPort(rawHost.slice(end + 1))) return null;
  if (rawHost.charCodeAt(end - 1) === DOT) end -= 1;
  if (end > HOST_LENGTH_MAX || !isName(rawHost, end)) return null;
  return { hostname: rawHost.slice(0, end).toLowerCase() };
}

/** The label in front of the platform's domain; null unless there is exactly one. Takes what {@link parseHost} gave. */
export function slugOfHost(hostname: string, domain: string): string | null {
  const dot = hostname.length - domain.length - 1;
  if (dot <= 0 || !hostname.endsWith(domain)) return null;
  return hostname.indexOf(".") === dot ? hostname.slice(0, dot) : null;
}

function isPort(text: string): boolean {
  return PORT.test(text) && Number(text) <= 65_535;
}

/** Whether the first `end` characters are labels of 1–63 letters, digits and inner hyphens, joined by dots. */
function isName(text: string, end: number): boolean {
  let labelStart = 0;
  for (let index = 0; index <= end; index += 1) {
    const code = index === end ? DOT : text.charCodeAt(index);
    if (code === DOT) {
      const length = index - labelStart;
      if (length === 0 || length > LABEL_LENGTH_MAX) return false;
      if (text.charCodeAt(labelStart) === HYPHEN || text.charCodeAt(index - 1) === HYPHEN) return false;
      labelStart = index + 1;
    } else if (!isLabelCharacter(code)) {
      return false;
    }
  }
  return true;
}

function isLabelCharacter(code: number): boolean {
  const lower = code | 32;
  return (lower >= 97 && lower <= 122) || (code >= 48 && code <= 57) || code === HYPHEN;
}
