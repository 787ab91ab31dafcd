/**
 * An itty-router app, unchanged: what a handler returns becomes JSON, a thrown status an error.
 *
 *   npx isola deploy examples/itty --org hello --name notes --route "/notes" --route "/notes/*"
 *   curl http://hello.localhost:8787/notes
 *   curl http://hello.localhost:8787/notes/2
 *   curl -X POST http://hello.localhost:8787/notes -d '{"text":"Buy rope"}'
 */
import { AutoRouter, error, json, type IRequest } from "itty-router";

const NOTES = new Map([
  ["1", "Tides turn at six"],
  ["2", "The lamp wants oil"],
]);

const router = AutoRouter({ base: "/notes" });

router
  .get("/", () => [...NOTES].map(([id, text]) => ({ id, text })))
  .get("/:id", ({ params }: IRequest) => {
    const text = NOTES.get(params.id ?? "");
    return text === undefined ? error(404, `There is no note ${params.id}`) : { id: params.id, text };
  })
  .post("/", async (request: IRequest) => {
    const body: unknown = await request.json().catch(() => null);
    const text = typeof body === "object" && body !== null && "text" in body ? body.text : undefined;
    if (typeof text !== "string" || text === "") return error(422, "text must be a text that is not empty");
    return json({ created: { text } }, { status: 201 });
  });

export default router;
