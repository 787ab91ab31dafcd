import type { Random } from "./random.ts";

/** One program in two spellings that mean the same: plain JavaScript, and TypeScript with types all over it. */
export interface Program {
  js: string;
  ts: string;
}

interface Piece {
  js: string;
  ts: string;
}

const NUMBERS = ["0", "1", "2", "3", "7", "-1", "0.5", "1e3", "0x1f", "1_000"] as const;
const TYPES = [
  "number",
  "any",
  "unknown",
  "number | string",
  "Array<number>",
  "{ a: number; b?: string }",
  "readonly number[]",
  "typeof out",
  "(a: number) => void",
  "T1<number>",
  "`x${number}`",
  "keyof T2",
] as const;

/** Writes programs that always end and always answer the same; `out` collects what they do. */
class Writer {
  readonly #random: Random;
  #names = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  program(): Program {
    const body = this.#block(4, 2);
    const head = "  const out = [];\n";
    const foot = "  return JSON.stringify(out);\n}\n";
    const types =
      "type T1<X> = X | undefined;\ninterface T2 { a: number; b?: string; readonly c: T1<number>; (x: number): void }\ndeclare const nowhere: number;\n";
    return {
      js: `export default function main() {\n${head}${body.js}${foot}`,
      ts: `${types}export default function main(this: unknown): string {\n  const out: any[] = [];\n${body.ts}${foot}`,
    };
  }

  #name(): string {
    return `v${(this.#names += 1)}`;
  }

  #number(): string {
    return this.#random.pick(NUMBERS);
  }

  #type(): string {
    return this.#random.pick(TYPES);
  }

  /** An expression that gives a number. */
  #expression(depth: number): Piece {
    const same = (text: string): Piece => ({ js: text, ts: text });
    if (depth <= 0) return same(this.#number());
    const [a, b] = [this.#expression(depth - 1), this.#expression(depth - 1)];
    switch (this.#random.below(11)) {
      case 0:
        return { js: `(${a.js} + ${b.js})`, ts: `((${a.ts} as any) + <any>${b.ts})` };
      case 1:
        return { js: `(${a.js} < ${b.js} ? ${a.js} : ${b.js})`, ts: `(${a.ts} < ${b.ts} ? ${a.ts} : ${b.ts})` };
      case 2:
        return { js: `[${a.js}, ${b.js}].length`, ts: `([${a.ts}, ${b.ts}] satisfies unknown[]).length` };
      case 3:
        return {
          js: `((x, y = ${b.js}) => x * y)(${a.js})`,
          ts: `((x: any, y: ${this.#type()} = ${b.ts} as any): any => x * (y as any))(${a.ts})`,
        };
      case 4:
        return {
          js: `({ a: ${a.js}, get b() { return ${b.js}; } }).b`,
          ts: `({ a: ${a.ts}, get b(): any { return ${b.ts}; } }).b!`,
        };
      case 5:
        return {
          js: `[${a.js}, ${b.js}].map((x) => x + 1).reduce((x, y) => x + y, 0)`,
          ts: `[${a.ts}, ${b.ts}].map((x: number): number => x + 1).reduce<number>((x, y) => x + y, 0)`,
        };
      case 6:
        return { js: `Number(\`\${${a.js}}\`.length)`, ts: `Number(\`\${${a.ts} as number}\`.length)` };
      case 7:
        return { js: `(undefined ?? ${a.js})`, ts: `(undefined! ?? ${a.ts})` };
      case 8:
        return {
          js: `(/[/]\\/x+/.test("/xx") ? ${a.js} : ${b.js})`,
          ts: `(/[/]\\/x+/.test("/xx" as string) ? ${a.ts} : ${b.ts})`,
        };
      case 9:
        return {
          js: `(function f(n) { return n < 1 ? ${a.js} : f(n - 1); })(3)`,
          ts: `(function f(n: number): any { return n < 1 ? ${a.ts} : f(n - 1); })(3)`,
        };
      default:
        return { js: `(${a.js}, ${b.js})`, ts: `(${a.ts}, ${b.ts} as any as number)` };
    }
  }

  #block(statements: number, depth: number): Piece {
    const pieces = Array.from({ length: 1 + this.#random.below(statements) }, () => this.#statement(depth));
    return { js: pieces.map(({ js }) => js).join(""), ts: pieces.map(({ ts }) => ts).join("") };
  }

  #push(): Piece {
    const value = this.#expression(2);
    return { js: `out.push(${value.js});\n`, ts: `out.push(${value.ts});\n` };
  }

  #statement(depth: number): Piece {
    if (depth <= 0) return this.#push();
    const inner = this.#block(2, depth - 1);
    const [name, times] = [this.#name(), 1 + this.#random.below(5)];
    const value = this.#expression(1);
    switch (this.#random.below(16)) {
      case 0:
        return {
          js: `for (let ${name} = 0; ${name} < ${times}; ${name}++) { ${inner.js} }\n`,
          ts: `for (let ${name}: number = 0; ${name} < ${times}; ${name}++) { ${inner.ts} }\n`,
        };
      case 1:
        return {
          js: `let ${name} = ${times}; while (${name}--) out.push(${name});\n`,
          ts: `let ${name}: number = ${times}; while (${name}--) out.push(${name}!);\n`,
        };
      case 2:
        return {
          js: `let ${name} = 0; do { ${inner.js} } while (++${name} < ${times})\n`,
          ts: `let ${name} = <number>0; do { ${inner.ts} } while (++${name} < ${times})\n`,
        };
      case 3:
        return {
          js: `for (const ${name} of [${value.js}, 2]) { out.push(${name}); ${inner.js} }\n`,
          ts: `for (const ${name} of [${value.ts}, 2] as any[]) { out.push(${name}); ${inner.ts} }\n`,
        };
      case 4:
        return {
          js: `for (const ${name} in { a: 1, b: ${value.js} }) out.push(${name});\n`,
          ts: `for (const ${name} in { a: 1, b: ${value.ts} } as Record<string, any>) out.push(${name});\n`,
        };
      case 5:
        return {
          js: `try { ${inner.js} throw new Error("${name}"); } catch (error) { out.push(error.message); } finally { out.push("f"); }\n`,
          ts: `try { ${inner.ts} throw new Error("${name}"); } catch (error: any) { out.push((error as Error).message); } finally { out.push("f"); }\n`,
        };
      case 6:
        return {
          js: `try { ${inner.js} } catch { out.push("c"); }\n`,
          ts: `try { ${inner.ts} } catch { out.push("c"); }\n`,
        };
      case 7:
        return {
          js: `switch (${value.js}) { case 1: out.push("one"); default: out.push("d"); break; case 2: { ${inner.js} } }\n`,
          ts: `switch (${value.ts} as any) { case 1: out.push("one"); default: out.push("d"); break; case 2: { ${inner.ts} } }\n`,
        };
      case 8:
        return {
          js: `${name}: for (let i = 0; i < 4; i++) { for (;;) { if (i > 1) break ${name}; out.push(i); continue ${name}; } }\n`,
          ts: `${name}: for (let i: number = 0; i < 4; i++) { for (;;) { if (i > 1) break ${name}; out.push(i); continue ${name}; } }\n`,
        };
      case 9:
        return {
          js: `function* ${name}() { yield ${value.js}; yield* [1, 2]; } out.push(...${name}());\n`,
          ts: `function* ${name}(this: void): Generator<any, void> { yield ${value.ts}; yield* [1, 2]; } out.push(...${name}());\n`,
        };
      case 10:
        return {
          js: `class C${name} { #p = ${value.js}; static s = 1; constructor(a) { this.a = a; } get p() { return this.#p; } m(x) { return x; } static { out.push("static"); } } out.push(new C${name}(2).p, C${name}.s);\n`,
          ts: `abstract class A${name} { abstract m(x: number): any } class C${name} extends A${name} implements Pick<T2, "a"> { #p: any = ${value.ts}; static readonly s: number = 1; declare q: string; a: number; constructor(a: number) { super(); this.a = a; } get p(): any { return this.#p; } override m<T extends number>(x: T): T { return x; } static { out.push("static"); } } out.push(new C${name}(2).p, C${name}.s);\n`,
        };
      case 11:
        return {
          js: `const { a: ${name} = ${value.js}, ...rest${name} } = { b: 2, c: 3 }; out.push(${name}, rest${name});\n`,
          ts: `const { a: ${name} = ${value.ts}, ...rest${name} }: { a?: any; b: number; c: number } = { b: 2, c: 3 }; out.push(${name}, rest${name});\n`,
        };
      case 12:
        return {
          js: `if (${value.js} > 1) { ${inner.js} } else if (${times} > 2) out.push("b"); else { out.push("e"); }\n`,
          ts: `if ((${value.ts} as number) > 1) { ${inner.ts} } else if (${times} > 2) out.push("b"); else { out.push("e"); }\n`,
        };
      case 13:
        return {
          js: `out.push([3, 1, 2].sort((a, b) => a - b).join());\n`,
          ts: `out.push([3, 1, 2].sort((a: number, b: number): number => a - b).join());\n`,
        };
      case 14:
        return {
          js: `const ${name} = (a, b) => ({ a, b }); out.push(${name}(${value.js}, 1));\n`,
          ts: `const ${name} = <T,>(a: T, b?: number): { a: T; b: any } => ({ a, b }); out.push(${name}<any>(${value.ts}, 1));\n`,
        };
      default:
        return this.#push();
    }
  }
}

/** A program that ends, answers a text, and says the same in both spellings. */
export const programOf = (random: Random): Program => new Writer(random).program();
