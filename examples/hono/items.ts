import { Hono } from "hono";
import { HTTPException } from "hono/http-exception";
import { validator } from "hono/validator";

interface Item {
  name: string;
  price: number;
}

const CATALOGUE: ReadonlyMap<string, Item> = new Map([
  ["1", { name: "Lantern", price: 24 }],
  ["2", { name: "Compass", price: 18.5 }],
]);

/** Everything below `/items`. It keeps nothing: what is posted is checked and handed back. */
export const items = new Hono()
  .get("/", (c) => c.json({ items: [...CATALOGUE].map(([id, item]) => ({ id, ...item })) }))
  .get("/:id", (c) => {
    const id = c.req.param("id");
    const item = CATALOGUE.get(id);
    if (item === undefined) throw new HTTPException(404, { message: `There is no item ${id}` });
    return c.json({ id, ...item });
  })
  .post("/", validator("json", checkItem), (c) => c.json({ created: c.req.valid("json") }, 201));

function checkItem(value: unknown): Item {
  const { name, price } = (value ?? {}) as Partial<Record<string, unknown>>;
  if (typeof name !== "string" || name.trim() === "") {
    throw new HTTPException(422, { message: "name must be a text that is not empty" });
  }
  if (typeof price !== "number" || !(price >= 0)) {
    throw new HTTPException(422, { message: "price must be a number from 0 up" });
  }
  return { name, price };
}
