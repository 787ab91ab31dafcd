/** What a secret is sealed for; ids and names have no slash, so that no two places have the same. */
export function secretContext(orgId: string, scriptId: string | null, name: string): string {
  return `${orgId}/secret/${scriptId ?? ""}/${name}`;
}

/** What the signing secret of a webhook trigger is sealed for. */
export function signingSecretContext(orgId: string, triggerId: string): string {
  return `${orgId}/webhook/${triggerId}`;
}
