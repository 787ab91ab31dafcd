// Takes in signed messages (Standard Webhooks) and keeps them. The platform has checked signature and age, and that the
// message has not come before, when this runs.
import { docs } from "isola";

const messages = docs.collection("webhook-messages");

export default {
  async event(event: { id: string; messageId: string; body: { type?: string } }) {
    await messages.put(event.messageId, { type: event.body.type ?? "unknown", body: event.body });
  },

  async fetch() {
    const { items } = await messages.find({}, { limit: 50 });
    return Response.json(items);
  },
};
