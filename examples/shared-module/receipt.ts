/**
 * The other script that imports the module.
 *
 *   npx isola deploy examples/shared-module/receipt.ts --org hello --route "POST /receipt"
 *   curl http://hello.localhost:8787/receipt --json '[{"name":"Rope","cents":900},{"name":"Lamp","cents":2400}]'
 */
import { formatMoney } from "money";

import type { Handler } from "../../sdk/types.ts";

interface Item {
  name: string;
  cents: number;
}

const receipt: Handler = async (request) => {
  const items = await request.json<Item[]>();
  const total = items.reduce((sum, item) => sum + item.cents, 0);
  const lines = [...items, { name: "Total", cents: total }].map(({ name, cents }) => `${name} ${formatMoney(cents)}`);
  return new Response(`${lines.join("\n")}\n`);
};

export default receipt;
