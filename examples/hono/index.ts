/**
 * A Hono app, unchanged: several routes, middleware, validation, one place for errors.
 *
 *   npx isola deploy examples/hono --org hello --name api --route "/*"
 *   curl http://hello.localhost:8787/                 → what there is
 *   curl http://hello.localhost:8787/items/1
 *   curl http://hello.localhost:8787/items -H 'content-type: application/json' -d '{"name":"Rope","price":9}'
 *   curl http://hello.localhost:8787/fail             → 500; `npx isola logs --org hello` shows why
 */
import { Hono } from "hono";
import { HTTPException } from "hono/http-exception";

import { items } from "./items.ts";

const app = new Hono();

app.use(async (c, next) => {
  const startedAt = Date.now();
  await next();
  c.header("server-timing", `app;dur=${Date.now() - startedAt}`);
  console.log(`${c.req.method} ${c.req.path} → ${c.res.status}`);
});

app.get("/", (c) => c.json({ name: "hono on isola", routes: ["/hello/:name", "/items", "/items/:id", "/fail"] }));
app.get("/hello/:name", (c) => c.text(`Hello, ${c.req.param("name")}!`));
app.get("/fail", () => {
  throw new Error("This route always fails");
});
app.route("/items", items);

app.notFound((c) => c.json({ error: `Nothing is at ${c.req.path}` }, 404));
app.onError((error, c) => {
  if (error instanceof HTTPException) return c.json({ error: error.message }, error.status);
  console.error(error.stack);
  return c.json({ error: "Something went wrong" }, 500);
});

export default app;
