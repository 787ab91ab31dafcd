/**
 * What a script can reach, by place; names are separated by spaces. The suite compares: a name that is not here is
 * something new that a runtime or a change of ours has put within a tenant's reach. Look at it before you add it.
 */
const GLOBALS =
  "AbortController AbortSignal AggregateError Array ArrayBuffer AsyncDisposableStack Atomics BigInt " +
  "BigInt64Array BigUint64Array Blob Body Boolean ByteLengthQueuingStrategy Cache CacheStorage " +
  "CloseEvent Cloudflare CompressionStream CountQueuingStrategy Crypto CryptoKey CustomEvent " +
  "DOMException DataView Date DecompressionStream DisposableStack Error ErrorEvent EvalError Event " +
  "EventSource EventTarget ExtendableEvent FetchEvent File FinalizationRegistry FixedLengthStream " +
  "Float16Array Float32Array Float64Array FormData Function HTMLRewriter Headers " +
  "IdentityTransformStream Infinity Int16Array Int32Array Int8Array Intl Iterator JSON Map Math " +
  "MessageChannel MessageEvent MessagePort NaN Navigator Number Object Promise PromiseRejectionEvent " +
  "Proxy RangeError ReadableByteStreamController ReadableStream ReadableStreamBYOBReader " +
  "ReadableStreamBYOBRequest ReadableStreamDefaultController ReadableStreamDefaultReader ReferenceError " +
  "Reflect RegExp Request Response ScheduledEvent ServiceWorkerGlobalScope Set SharedArrayBuffer String " +
  "SubtleCrypto SuppressedError Symbol Symbol(Symbol.toStringTag) Symbol(cloudflare:internal-class) " +
  "Symbol(kResourceTypeInspect) SyntaxError TailEvent TextDecoder TextDecoderStream TextEncoder " +
  "TextEncoderStream TraceEvent TransformStream TransformStreamDefaultController TypeError URIError URL " +
  "URLPattern URLSearchParams Uint16Array Uint32Array Uint8Array Uint8ClampedArray WeakMap WeakRef " +
  "WeakSet WebAssembly WebSocket WebSocketPair WebSocketRequestResponsePair WorkerGlobalScope " +
  "WritableStream WritableStreamDefaultController WritableStreamDefaultWriter addEventListener atob " +
  "btoa caches clearInterval clearTimeout console constructor crypto decodeURI decodeURIComponent " +
  "dispatchEvent encodeURI encodeURIComponent escape eval fetch globalThis isFinite isNaN navigator " +
  "origin parseFloat parseInt performance queueMicrotask removeEventListener reportError scheduler self " +
  "setInterval setTimeout structuredClone undefined unescape";

/** What `node:` imports add. */
const NODE_GLOBALS =
  "Buffer Performance PerformanceEntry PerformanceMark PerformanceMeasure PerformanceObserver " +
  "PerformanceObserverEntryList PerformanceResourceTiming clearImmediate global process setImmediate";

export const KNOWN: Readonly<Record<string, string>> = {
  "the global object": GLOBALS,
  "with Node, the global object": `${GLOBALS} ${NODE_GLOBALS}`,
  "the context of a run":
    "Symbol(Symbol.toStringTag) Symbol(cloudflare:internal-class) Symbol(kResourceTypeInspect) abort " +
    "access cache constructor exports mapVirtualHost passThroughOnException props tracing waitUntil",
  "the request":
    "Symbol(Symbol.toStringTag) Symbol(cloudflare:internal-class) Symbol(kResourceTypeInspect) " +
    "arrayBuffer blob body bodyUsed bytes cache cf clone constructor fetcher formData headers integrity " +
    "json keepalive method redirect signal text url",
  "the request's facts": "clientIp isola executionId params linesFirst ask caller event user",
  "cloudflare:workers":
    "DurableObject RpcPromise RpcProperty RpcStub RpcTarget ServiceStub Symbol(Symbol.toStringTag) " +
    "WorkerEntrypoint WorkflowEntrypoint abortIsolate cache env exports restore tracing waitUntil withEnv " +
    "withEnvAndExports withExports",
  "the runtime's bindings": "__ISOLA_CONSOLE __ISOLA_PLATFORM",
  "the runtime's exports": "default",
  "with Node, files at the root": "bundle dev tmp",
  "with Node, files beside the script": ".isola index.js",
  "with Node, devices": "full null random zero",
};
