// A report of the day's orders, every night at two by the clock of Prague, and a page that shows the reports.
//
//   npx isola deploy examples/nightly-report.ts --org hello --name report --route "GET /reports"
import { docs, kv } from "isola";

interface Order {
  id: string;
  totalCents: number;
  status: string;
}

interface Report {
  orders: number;
  totalCents: number;
}

const reports = kv.collection<Report>("reports");

export default {
  async scheduled({ scheduledTime }: { scheduledTime: number }) {
    const report: Report = { orders: 0, totalCents: 0 };
    for await (const order of docs.collection<Order>("orders").iterate({ status: "confirmed" })) {
      report.orders += 1;
      report.totalCents += order.totalCents;
    }
    // A run that is repeated writes the same key again.
    await reports.set(new Date(scheduledTime).toISOString(), report);
    console.log(`${report.orders} orders, ${report.totalCents} cents`);
  },

  async fetch() {
    const { items } = await reports.list({ values: true });
    return Response.json(Object.fromEntries(items.map(({ key, value }) => [key, value])));
  },
};
