import { DurableObject, WorkerEntrypoint } from "cloudflare:workers";

/** A state process for the launcher's tests: a number that is counted up, kept, and published. */
export class Org extends DurableObject {
  async count() {
    const count = ((await this.ctx.storage.get("count")) ?? 0) + 1;
    await this.ctx.storage.put("count", count);
    await this.env.PROJECTIONS.put("count: a/b?", `${count}`);
    return `${count}`;
  }
}

export class Log extends DurableObject {}

export default class State extends WorkerEntrypoint {
  count() {
    return this.env.ORG.getByName("test").count();
  }
}

export class SecretsKeys extends WorkerEntrypoint {
  async replace(text) {
    await this.env.PROJECTIONS.put("keys", text);
  }
}
