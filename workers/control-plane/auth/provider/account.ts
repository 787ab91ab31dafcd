import { and, eq } from "drizzle-orm";

import { newId } from "../../../../contracts/ids.ts";
import { TEXT_LENGTH_MAX } from "../../../../contracts/limits.ts";
import { audit } from "../../audit/write.ts";
import type { Queries } from "../../database/connect.ts";
import { account, platformSettings, user } from "../../database/schema.ts";
import { hasOpenInvitation } from "../../people/invitations.ts";
import type { Scope } from "../../scope.ts";
import type { Identity } from "./identity.ts";

/** What is asked of a provider to know whose account an identity is. */
export interface Voucher {
  kind: "oidc" | "saml";
  id: string;
  /** Everybody with an address in one of these domains may make an account. */
  joining: readonly string[];
}

type Person = Pick<typeof user.$inferSelect, "id" | "name" | "role" | "deactivatedAt">;
const PERSON = { id: user.id, name: user.name, role: user.role, deactivatedAt: user.deactivatedAt };

/**
 * The account that an identity signs in to: the one it has signed in to before; else the one of its address, which it
 * has from then on; else a new one, where the platform or the provider lets it be made. Null where there is none.
 */
export function accountOf(scope: Scope, provider: Voucher, identity: Identity): Promise<Person | null> {
  return scope.database.transaction(async (tx) => {
    const known = await linked(tx, provider, identity);
    if (known !== null) return isActive(known) ? known : null;
    const { email } = identity;
    if (email === null) return null;
    const [there] = await tx.select(PERSON).from(user).where(eq(user.email, email));
    if (there !== undefined) {
      if (!isActive(there)) return null;
      await link(tx, scope, provider, identity, there);
      return there;
    }
    if (!(await mayJoin(tx, provider, email))) return null;
    const name = (identity.name?.trim() ?? "").slice(0, TEXT_LENGTH_MAX) || email.slice(0, email.indexOf("@"));
    const values = { id: newId("user"), email, emailVerified: true, name, role: "member" as const };
    const [made] = await tx.insert(user).values(values).onConflictDoNothing().returning(PERSON);
    // Somebody made it meanwhile; the next attempt finds it.
    if (made === undefined) return null;
    await link(tx, scope, provider, identity, made);
    const actor = { type: "user" as const, id: made.id, name };
    const details = { email, role: values.role, provider: provider.id };
    await audit(tx, scope, { actor, action: "user.create", target: made.id, details });
    return made;
  });
}

const isActive = ({ role, deactivatedAt }: Person): boolean => deactivatedAt === null && role !== "partner";

/** Apart from the library's own names. */
const providerIdOf = ({ kind, id }: Voucher): string => `${kind}:${id}`;

async function linked(tx: Queries, provider: Voucher, { subject }: Identity): Promise<Person | null> {
  const [found] = await tx
    .select(PERSON)
    .from(account)
    .innerJoin(user, eq(user.id, account.userId))
    .where(and(eq(account.providerId, providerIdOf(provider)), eq(account.accountId, subject)));
  return found ?? null;
}

async function link(
  tx: Queries,
  scope: Scope,
  provider: Voucher,
  { subject, email }: Identity,
  person: Person,
): Promise<void> {
  const id = crypto.randomUUID();
  await tx.insert(account).values({ id, userId: person.id, providerId: providerIdOf(provider), accountId: subject });
  const actor = { type: "user" as const, id: person.id, name: person.name };
  const details = { provider: provider.id, email };
  await audit(tx, scope, { actor, action: `${provider.kind}.link`, target: person.id, details });
}

async function mayJoin(tx: Queries, { joining }: Voucher, email: string): Promise<boolean> {
  if (joining.includes(email.slice(email.lastIndexOf("@") + 1))) return true;
  const [settings] = await tx.select({ signUp: platformSettings.signUp }).from(platformSettings);
  return settings?.signUp === "open" || (await hasOpenInvitation(tx, email));
}
