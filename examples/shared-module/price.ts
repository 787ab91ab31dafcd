/**
 * Imports a module of its org by name.
 *
 *   npx isola deploy examples/shared-module/price.ts --org hello --route "GET /price/:cents"
 *   curl http://hello.localhost:8787/price/1250        → {"price":"€12.50"}
 */
import { formatMoney } from "money";

import type { Handler } from "../../sdk/types.ts";

const price: Handler = (_request, { params }) => ({ price: formatMoney(Number(params.cents)) });

export default price;
