import type { ControlPlaneEnv } from "../../env.ts";
import { cloudflareCertificates } from "./cloudflare.ts";
import type { CertificateDriver } from "./driver.ts";

type Settings = Pick<
  ControlPlaneEnv,
  "CERTIFICATES" | "CLOUDFLARE_ZONE_ID" | "CLOUDFLARE_API_TOKEN" | "CLOUDFLARE_API_URL"
>;

/**
 * Who gets certificates here; null where nobody has to, as on one computer, or behind somebody's own TLS.
 *
 * @throws Error when the configuration is not whole.
 */
export function certificateDriver(env: Settings): CertificateDriver | null {
  const { CERTIFICATES = "none", CLOUDFLARE_ZONE_ID: zoneId, CLOUDFLARE_API_TOKEN: token, CLOUDFLARE_API_URL } = env;
  if (CERTIFICATES === "none") return null;
  if (CERTIFICATES !== "cloudflare") throw new Error(`CERTIFICATES must be none or cloudflare, not ${CERTIFICATES}`);
  if (!zoneId || !token) throw new Error("CERTIFICATES=cloudflare needs CLOUDFLARE_ZONE_ID and CLOUDFLARE_API_TOKEN");
  return cloudflareCertificates({ zoneId, token, ...(CLOUDFLARE_API_URL ? { url: CLOUDFLARE_API_URL } : {}) });
}
