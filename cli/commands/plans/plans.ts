import { defineCommand } from "../../framework/command.ts";
import { clean, formatTime, table } from "../../framework/text.ts";
import { PRICES_TEXT, pricesOf, pricesText } from "../../session/price-options.ts";
import { QUOTAS_TEXT, quotasOf, quotasText } from "../../session/quota-options.ts";
import { openSession } from "../../session/session.ts";

const SET = "plans set";

export const listPlans = defineCommand({
  name: "plans list",
  summary: "List the plans and what each of them allows",
  examples: ["plans list"],
  async run({ host }) {
    const { client } = await openSession(host);
    const page = await client.listPlans({});
    const hasPrices = page.items.some(({ prices }) => prices.currency !== undefined);
    const rows = page.items.map(({ name, title, quotas, prices, updatedAt }) => [
      name,
      title,
      formatTime(updatedAt),
      quotasText(quotas),
      ...(hasPrices ? [pricesText(prices)] : []),
    ]);
    const heading = ["name", "title", "changed", "quotas", ...(hasPrices ? ["prices"] : [])];
    return { json: page, text: table(heading, rows, "There are no plans.") };
  },
});

export const setPlan = defineCommand({
  name: SET,
  summary: "Make a plan or change one; all orgs of the plan get its new quotas and prices; for admins of the platform",
  details: `${QUOTAS_TEXT}\nWhat is not named is not bounded by the plan.\n${PRICES_TEXT}`,
  args: [{ name: "name", about: "its name, such as team" }],
  options: {
    title: { type: "string", value: "title", about: "its name for people (default its name)" },
    quota: { type: "string", value: "name=number", multiple: true, about: "what its orgs may have of something" },
    currency: { type: "string", value: "code", about: "money that its prices are in, such as EUR" },
    price: { type: "string", value: "name=amount", multiple: true, about: "what something costs" },
  },
  examples: [
    "plans set team --title Team --quota scripts=50 --quota requestsPerMonth=1000000",
    "plans set pro --currency EUR --price millionRequests=0.30 --price gigabyteMonth=0.75",
  ],
  async run({ args, options, host }) {
    const body = {
      title: options.title ?? args.name,
      quotas: quotasOf(options.quota, SET),
      prices: pricesOf(options.price, options.currency, SET),
    };
    const { client } = await openSession(host);
    const plan = await client.putPlan({ params: { name: args.name }, body });
    const prices = plan.prices.currency === undefined ? "" : `; ${pricesText(plan.prices)}`;
    return { json: plan, text: clean(`The plan ${plan.name}: ${quotasText(plan.quotas)}${prices}.`) };
  },
});

export const deletePlan = defineCommand({
  name: "plans delete",
  summary: "Remove a plan that no org has; for admins of the platform",
  args: [{ name: "name", about: "the plan" }],
  examples: ["plans delete team"],
  async run({ args, host }) {
    const { client } = await openSession(host);
    await client.deletePlan({ params: { name: args.name } });
    return { json: { deleted: args.name }, text: clean(`The plan ${args.name} is removed.`) };
  },
});
