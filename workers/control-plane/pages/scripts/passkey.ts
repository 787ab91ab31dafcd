/**
 * Passkeys by the browser's own conversions (WebAuthn Level 3, sections 5.1.8 to 5.1.10): `passkeys` says whether it
 * has them, `usePasskey` and `makePasskey` answer the server's options.
 */
export const PASSKEY = `
const passkeys = typeof globalThis.PublicKeyCredential?.parseRequestOptionsFromJSON === "function";
const REFUSED = {
  NotAllowedError: "The passkey was not used: the question was closed, or its time was over. Try again.",
  InvalidStateError: "This device has a passkey for this account already.",
  SecurityError: "Passkeys do not work at this address. Sign in with the password.",
};
const byDevice = async (work) => {
  try {
    return (await work()).toJSON();
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Error(REFUSED[error.name] ?? "The device could not do that. Try another way.");
  }
};
const usePasskey = (options, more = {}) =>
  byDevice(() => navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options), ...more }));
const makePasskey = (options) =>
  byDevice(() => navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) }));
`;
