import type { GatewayPorts, GatewaySecrets } from "./gateway.ts";

/** What a database thread is started to do. */
export type WorkerPlan =
  | { task: "create"; directory: string }
  | { task: "embedded"; directory: string; ports: GatewayPorts; secrets: GatewaySecrets }
  | { task: "relay"; connectionString: string; ports: GatewayPorts; secrets: GatewaySecrets };

/** What the thread is told while it runs. */
export type ToWorker = "beat" | "close";

/** What the thread says: that it serves, that it is alive, or why it ends. */
export type FromWorker =
  | { type: "ready"; ports: GatewayPorts; version: string }
  | { type: "beat" }
  | { type: "failed"; reason: string; code: string | undefined };
