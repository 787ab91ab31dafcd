import { createOTP } from "@better-auth/utils/otp";
import { calculateJwkThumbprint, CompactSign, compactVerify, importJWK } from "jose";
import { describe, expect, test } from "vitest";

/** Published vectors, run where the product runs: what is built on agrees with everybody else's. */

describe("one-time codes by time (RFC 6238, appendix B, SHA-1)", () => {
  const otp = createOTP("12345678901234567890", { digits: 8, period: 30 });

  test.each([
    [59, "94287082"],
    [1_111_111_109, "07081804"],
    [1_111_111_111, "14050471"],
    [1_234_567_890, "89005924"],
    [2_000_000_000, "69279037"],
    [20_000_000_000, "65353130"],
  ])("at %d s", async (atS, code) => {
    expect(await otp.hotp(Math.floor(atS / 30))).toBe(code);
  });
});

describe("Ed25519 in JOSE (RFC 8037, appendix A)", () => {
  const publicKey = { kty: "OKP", crv: "Ed25519", x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" };
  const privateKey = { ...publicKey, d: "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A" };
  const payload = new TextEncoder().encode("Example of Ed25519 signing");
  const signed =
    "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";

  test("signs the example to the letter (A.4)", async () => {
    const key = await importJWK(privateKey, "EdDSA");
    expect(await new CompactSign(payload).setProtectedHeader({ alg: "EdDSA" }).sign(key)).toBe(signed);
  });

  test("verifies the example, and nothing that differs in a letter (A.5)", async () => {
    const key = await importJWK(publicKey, "EdDSA");
    expect((await compactVerify(signed, key)).payload).toEqual(payload);
    await expect(compactVerify(signed.replace(".hgyY", ".hgyZ"), key)).rejects.toThrow();
  });

  test("has the example's thumbprint (A.3)", async () => {
    expect(await calculateJwkThumbprint(publicKey)).toBe("kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
  });
});

test("the thumbprint of a key is the one of RFC 7638, section 3.1", async () => {
  const key = {
    kty: "RSA",
    n: "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
    e: "AQAB",
    alg: "RS256",
    kid: "2011-04-29",
  };
  expect(await calculateJwkThumbprint(key)).toBe("NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
});
