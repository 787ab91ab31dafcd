import type { Context } from "hono";
import { renderSVG } from "uqr";
import * as z from "zod";

import { invalidFrom } from "../../../contracts/errors.ts";
import { QR_TEXT_LENGTH_MAX } from "../../../contracts/limits.ts";
import { requireSameOrigin } from "../auth/same-origin.ts";
import type { AppTypes } from "../mount.ts";
import { readJson } from "../read-json.ts";

const bodySchema = z.object({ text: z.string().min(1).max(QR_TEXT_LENGTH_MAX) });

/** Modules left white around the code, which readers need (ISO/IEC 18004, 9.1). */
const QUIET_ZONE = 4;

/**
 * `POST /account/qr-code`: draws a text as a QR code, `{ svg }`. It keeps nothing and knows nothing but the text, which
 * the page has from elsewhere; the text is sent in the body, so that no log holds it.
 */
export async function drawQrCode(context: Context<AppTypes>): Promise<Response> {
  requireSameOrigin(context.req.raw, context.env.PUBLIC_URL);
  const { value } = await readJson(context.req.raw);
  const parsed = bodySchema.safeParse(value);
  if (!parsed.success) throw invalidFrom(parsed.error, "body");
  return context.json({ svg: renderSVG(parsed.data.text, { border: QUIET_ZONE, pixelSize: 4 }) });
}
