import { NAMESPACES } from "./algorithms.ts";
import { base64Of } from "./base64.ts";
import { escapeAttribute } from "./canonical.ts";
import type { SamlProvider } from "./providers.ts";

const POST_BINDING = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST";

/** Where this platform is for one provider. */
export interface Endpoints {
  /** Where answers come. */
  acsUrl: string;
  /** Where this platform describes itself; its name (`entityID`), too. */
  metadataUrl: string;
}

/** The addresses of this platform for a provider, which are bound to it: what is for one is not for another. */
export function endpointsFor(publicUrl: string, { id }: Pick<SamlProvider, "id">): Endpoints {
  const at = (what: string): string => new URL(`/api/auth/saml/${id}/${what}`, publicUrl).href;
  return { acsUrl: at("acs"), metadataUrl: at("metadata") };
}

/** Where a browser is sent to sign in at a provider: SAML 2.0's `AuthnRequest` by the binding HTTP-Redirect. */
export async function signOnUrl(
  provider: Pick<SamlProvider, "signOnUrl">,
  { acsUrl, metadataUrl }: Endpoints,
  { requestId, state, now }: { requestId: string; state: string; now: number },
): Promise<string> {
  const attributes = {
    "xmlns:samlp": NAMESPACES.protocol,
    "xmlns:saml": NAMESPACES.assertion,
    ID: requestId,
    Version: "2.0",
    IssueInstant: new Date(now).toISOString(),
    Destination: provider.signOnUrl,
    AssertionConsumerServiceURL: acsUrl,
    ProtocolBinding: POST_BINDING,
  };
  const issuer = `<saml:Issuer>${escapeAttribute(metadataUrl)}</saml:Issuer>`;
  const request = `<samlp:AuthnRequest${written(attributes)}>${issuer}<samlp:NameIDPolicy AllowCreate="true"/></samlp:AuthnRequest>`;
  const url = new URL(provider.signOnUrl);
  url.searchParams.set("SAMLRequest", base64Of(await deflated(request)));
  url.searchParams.set("RelayState", state);
  return url.href;
}

/** What a provider wants to know of this platform, as SAML 2.0 metadata. */
export function metadataOf({ acsUrl, metadataUrl }: Endpoints): string {
  const service = { Binding: POST_BINDING, Location: acsUrl, index: "0", isDefault: "true" };
  const role = {
    protocolSupportEnumeration: NAMESPACES.protocol,
    AuthnRequestsSigned: "false",
    WantAssertionsSigned: "true",
  };
  return [
    `<EntityDescriptor${written({ xmlns: NAMESPACES.metadata, entityID: metadataUrl })}>`,
    `  <SPSSODescriptor${written(role)}>`,
    `    <AssertionConsumerService${written(service)}/>`,
    `  </SPSSODescriptor>`,
    `</EntityDescriptor>`,
    "",
  ].join("\n");
}

const written = (attributes: Readonly<Record<string, string>>): string =>
  Object.entries(attributes)
    .map(([name, value]) => ` ${name}="${escapeAttribute(value)}"`)
    .join("");

async function deflated(text: string): Promise<Uint8Array> {
  const packed = new Blob([text]).stream().pipeThrough(new CompressionStream("deflate-raw"));
  return new Uint8Array(await new Response(packed).arrayBuffer());
}
