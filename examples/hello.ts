/**
 * A script can be one function: what it returns is the answer.
 *
 *   npx isola deploy examples/hello.ts --org hello --route "GET /hello" --route "GET /hello/:name"
 *   curl http://hello.localhost:8787/hello/ada        → {"hello":"ada"}
 */
import type { Handler } from "../sdk/types.ts";

const hello: Handler = (_request, { params }) => ({ hello: params.name ?? "world" });

export default hello;
