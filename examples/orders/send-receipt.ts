// Runs for each new order, by a trigger on the collection `orders`. It may run twice for one order (a process can die
// between the mail and its own end), so it remembers by the event's id which receipts have gone out.
import { docs, kv } from "isola";

interface Order {
  id: string;
  email: string;
  totalCents: number;
}

const sent = kv.collection("receipts-sent");

export default {
  async event(event: { id: string; next: Order }) {
    const { id, email, totalCents } = event.next;
    if (await sent.has(event.id)) return;
    await sendMail({ to: email, subject: `Receipt for ${id}`, text: `You paid ${(totalCents / 100).toFixed(2)}.` });
    await sent.set(event.id, true, { ttlSeconds: 7 * 24 * 60 * 60 });
    await docs.collection("orders").update(id, { status: "confirmed" });
  },
};

/** Stands in for a mail provider: mail lands in a collection, unless the provider is down. */
async function sendMail(mail: { to: string; subject: string; text: string }): Promise<void> {
  if ((await kv.collection<string>("mail-provider").get("status")) === "down") {
    throw new Error("The mail provider does not answer.");
  }
  await kv.collection("mailbox").set(`${mail.to}/${mail.subject}`, mail);
}
