import { expect, test } from "vitest";

import { csvHeader, csvLine, ndjsonLine } from "./formats.ts";
import type { AuditRow } from "./rows.ts";

const ROW: AuditRow = {
  id: "aud_1",
  at: new Date(0),
  actorType: "user",
  actorId: "usr_1",
  actorName: 'Ann "A", B\nC',
  action: "org.create",
  target: "home",
  orgId: null,
  details: { a: 1 },
  address: null,
  requestId: "req_1",
  chain: "platform",
  seq: 7,
  prevHash: "p",
  hash: "h",
  entry: '{"id":"aud_1"}',
};

test("a line of CSV has a cell for each column, quoted where it must be", () => {
  expect(csvHeader.split(",")).toHaveLength(15);
  expect(csvLine(ROW)).toBe(
    '1970-01-01T00:00:00.000Z,user,usr_1,"Ann ""A"", B\nC",org.create,home,,"{""a"":1}",,req_1,aud_1,platform,7,p,h\r\n',
  );
});

test.each(["=1+1", "+1", "-1", "@sum", "\tx", "\rx", '=HYPERLINK("http://x")'])(
  "a cell that begins like a formula (%j) is text to a spreadsheet",
  (target) => {
    const cell = csvLine({ ...ROW, actorName: "A", target }).split(",org.create,")[1] ?? "";
    expect(cell.replace(/^"/, "").startsWith("'")).toBe(true);
  },
);

test("a line of JSON holds what its hash is made of, as it was written", () => {
  expect(JSON.parse(ndjsonLine(ROW))).toEqual({
    chain: "platform",
    seq: 7,
    prevHash: "p",
    hash: "h",
    entry: '{"id":"aud_1"}',
  });
  expect(ndjsonLine(ROW).indexOf("\n")).toBe(ndjsonLine(ROW).length - 1);
});
