import type { Client } from "../../contracts/client.ts";
import { PlatformError } from "../../contracts/errors.ts";
import { PAGE_SIZE_MAX } from "../../contracts/limits.ts";

interface Named {
  id: string;
  name: string;
}

/** The member of an org that an id or an e-mail address means. Throws `not_found`. */
export async function memberNamed(client: Client, slug: string, idOrEmail: string): Promise<Named> {
  if (!idOrEmail.includes("@")) return { id: idOrEmail, name: idOrEmail };
  const email = idOrEmail.toLowerCase();
  let cursor: string | null = null;
  do {
    const page: { items: (Named & { email: string })[]; cursor: string | null } = await client.listMembers({
      params: { slug },
      query: { limit: PAGE_SIZE_MAX, ...(cursor === null ? {} : { cursor }) },
    });
    const found = page.items.find((member) => member.email === email);
    if (found !== undefined) return found;
    cursor = page.cursor;
  } while (cursor !== null);
  throw new PlatformError("not_found", `${idOrEmail} is no member of ${slug}. \`isola members list\` shows who is.`);
}

/** The person on the platform that an id or an e-mail address means. Throws `not_found`. */
export async function userNamed(client: Client, idOrEmail: string): Promise<Named> {
  if (!idOrEmail.includes("@")) return { id: idOrEmail, name: idOrEmail };
  const email = idOrEmail.toLowerCase();
  const { items } = await client.listUsers({ query: { search: email } });
  const found = items.find((person) => person.email === email);
  if (found !== undefined) return found;
  throw new PlatformError("not_found", `Nobody has an account for ${idOrEmail}. \`isola users list\` shows who has.`);
}
