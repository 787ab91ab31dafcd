import { PassThrough } from "node:stream";

import { expect, test } from "vitest";

import { MessageReader, ProtocolError } from "./message-reader.ts";
import { int32, message, query, startup, statusAtEnd, sync, readyForQuery, STARTUP } from "./messages.ts";

function readerOf(...chunks: Buffer[]): MessageReader {
  const stream = new PassThrough();
  for (const chunk of chunks) stream.write(chunk);
  stream.end();
  return new MessageReader(stream);
}

test("messages are cut out of the bytes however these arrive", async () => {
  const sent = [startup({ user: "a", database: "b" }), message("p", "secret"), query("select 1"), sync];
  const all = Buffer.concat(sent);
  const ways = [[all], sent, Array.from(all, (byte) => Buffer.from([byte]))];
  for (const chunks of ways) {
    const reader = readerOf(...chunks);
    expect(await reader.readStartup()).toEqual({ code: STARTUP.session, body: sent[0]!.subarray(8) });
    expect(await reader.read()).toEqual({ type: "p", bytes: sent[1] });
    expect(await reader.read()).toEqual({ type: "Q", bytes: sent[2] });
    expect(await reader.read()).toEqual({ type: "S", bytes: sent[3] });
    expect(await reader.read()).toBeNull();
  }
});

test("what was read ahead comes first when the rest is taken uncut", async () => {
  const reader = readerOf(Buffer.concat([startup({ user: "a" }), query("one")]), query("two"));
  await reader.readStartup();
  const rest: Buffer[] = [];
  for await (const chunk of reader.rest()) rest.push(chunk);
  expect(Buffer.concat(rest)).toEqual(Buffer.concat([query("one"), query("two")]));
});

test("a message that is cut short is a client that is gone", async () => {
  expect(await readerOf(query("select 1").subarray(0, 7)).read()).toBeNull();
  expect(await readerOf(Buffer.from([0, 0])).readStartup()).toBeNull();
});

test("a connection that breaks off is a client that is gone", async () => {
  const stream = new PassThrough();
  const reading = new MessageReader(stream).read();
  stream.destroy(new Error("broken off"));
  expect(await reading).toBeNull();
});

test.each([-1, 0, 3, 2 ** 31 - 1])("a length of %i is a breach of the protocol", async (length) => {
  const bytes = Buffer.concat([Buffer.from("Q"), int32(length)]);
  await expect(readerOf(bytes).read()).rejects.toBeInstanceOf(ProtocolError);
  await expect(readerOf(int32(length), Buffer.alloc(8)).readStartup()).rejects.toBeInstanceOf(ProtocolError);
});

test("the end of an answer tells the state of the session, and its absence that it is not whole", () => {
  const done = message("C", "SELECT 1");
  expect(statusAtEnd(Buffer.concat([done, readyForQuery("T")]))).toBe("T");
  expect(statusAtEnd(done)).toBeNull();
  expect(statusAtEnd(Buffer.alloc(0))).toBeNull();
});
