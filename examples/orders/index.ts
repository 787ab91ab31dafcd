// Orders as documents. What follows from an order (its receipt) is the business of a trigger: see README.md.
import { docs } from "isola";

interface Order {
  id: string;
  email: string;
  items: { name: string; cents: number }[];
  totalCents: number;
  status: "placed" | "confirmed";
}

const orders = docs.collection<Order>("orders");

export default async (request: Request, { params }: { params: Record<string, string> }) => {
  if (request.method === "POST") return place(await request.json().catch(() => null));
  if (params["id"] === undefined) return list(new URL(request.url).searchParams.get("email"));
  const order = await orders.get(params["id"]);
  return order ?? { statusCode: 404, body: { error: "there is no such order" } };
};

async function place(input: unknown) {
  const { email, items } = (input ?? {}) as Partial<Order>;
  if (typeof email !== "string" || !Array.isArray(items) || items.length === 0) {
    return { statusCode: 400, body: { error: "an order has an email and items" } };
  }
  const totalCents = items.reduce((sum, { cents }) => sum + cents, 0);
  // One transaction: the order and the event that it was placed.
  const order = await orders.insert({ email, items, totalCents, status: "placed" });
  return { statusCode: 201, body: order };
}

async function list(email: string | null) {
  const { items } = await orders.find(email === null ? {} : { email }, { limit: 50 });
  return items;
}
