import type { Context } from "hono";
import { renderSVG } from "uqr";
import * as z from "zod";

import { QR_TEXT_LENGTH_MAX } from "../../../contracts/limits.ts";
import { getSignedIn, readOwn } from "../auth/ask.ts";
import type { AppTypes } from "../mount.ts";

const bodySchema = z.object({ text: z.string().min(1).max(QR_TEXT_LENGTH_MAX) });

/** Modules left white around the code, which readers need (ISO/IEC 18004, 9.1). */
const QUIET_ZONE = 4;

/**
 * `POST /account/qr-code`: draws a text as a QR code, `{ svg }`. It keeps nothing and knows nothing but the text, which
 * the page has from elsewhere; the text is sent in the body, so that no log holds it.
 */
export async function drawQrCode(context: Context<AppTypes>): Promise<Response> {
  const { text } = await readOwn(context, bodySchema);
  await getSignedIn(context);
  return context.json({ svg: renderSVG(text, { border: QUIET_ZONE, pixelSize: 4 }) });
}
