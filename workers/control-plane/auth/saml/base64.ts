import { ProviderFault } from "../provider/identity.ts";

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** The bytes of a text in base 64, which may be broken into lines. Throws `ProviderFault`. */
export function bytesOf(text: string, what: string): Uint8Array<ArrayBuffer> {
  const joined = text.replace(/[\t\n\r ]/g, "");
  if (joined === "" || !BASE64.test(joined)) throw new ProviderFault(`${what} is not in base 64`);
  return Uint8Array.from(atob(joined), (character) => character.charCodeAt(0));
}

export const base64Of = (bytes: Uint8Array): string => btoa(String.fromCharCode(...bytes));
