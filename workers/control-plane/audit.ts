export { audit, auditLater } from "./audit/write.ts";
