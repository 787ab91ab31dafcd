import { createClient } from "../../contracts/client.ts";
import { platformErrorOf } from "../../contracts/errors.ts";
import { defineCommand } from "../framework/command.ts";
import { findCredentials, removeCredentials } from "../session/credentials.ts";
import { reach } from "../session/http.ts";

export const logout = defineCommand({
  name: "logout",
  summary: "Revoke this computer's API key and forget it",
  examples: ["logout"],
  async run({ host }) {
    const saved = await findCredentials(host);
    if (saved === null) return { json: { signedOut: false }, text: "Nobody was signed in." };
    const client = createClient({ url: saved.url, token: saved.token, fetch: reach });
    try {
      await client.revokeKey({ params: { id: saved.keyId } });
    } catch (thrown) {
      const code = platformErrorOf(thrown)?.code;
      // A key that is not accepted or not there needs no revoking.
      if (code !== "unauthenticated" && code !== "not_found") throw thrown;
    }
    await removeCredentials(host);
    return { json: { signedOut: true, url: saved.url }, text: `Signed out of ${saved.url}; the key is revoked.` };
  },
});
