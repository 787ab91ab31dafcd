import { METER_PATH } from "../../../../contracts/projection.ts";

/** A piece of the platform's own code, and the offset in a module at which it goes in. */
export interface Insertion {
  offset: number;
  text: string;
}

/** What goes in; a tick counts down and has the meter look at the clock when it is through. */
export type Piece = keyof ReturnType<typeof textsOf>;

/** Where a piece goes. */
export interface Spot {
  offset: number;
  piece: Piece;
}

/** Identifiers that the platform's own could be taken for. */
export const OWN_NAME = /^\$[cinr]\d*$/;

/**
 * The insertions at the spots of a module, in order, with the head that brings in the meter.
 * @param path of the module, from the root of the upload.
 * @param taken identifiers of the module that match {@link OWN_NAME}.
 * @param headOffset where the first statement may begin.
 */
export function insertionsAt(
  spots: readonly Spot[],
  path: string,
  taken: ReadonlySet<string>,
  headOffset: number,
): Insertion[] {
  const suffix = freeSuffix(taken);
  const texts = textsOf(suffix);
  const up = path.split("/").length - 1;
  const meter = JSON.stringify(`${up === 0 ? "./" : "../".repeat(up)}${METER_PATH}`);
  const head = `import{c as $c${suffix},i as $i${suffix},r as $r${suffix}}from${meter};var $n${suffix}=1;`;
  // The sort is stable, and what is inside was found first, so brackets that close at one place close in order.
  const ordered = spots.toSorted((a, b) => a.offset - b.offset);
  return [{ offset: headOffset, text: head }, ...ordered.map(({ offset, piece }) => ({ offset, text: texts[piece] }))];
}

function freeSuffix(taken: ReadonlySet<string>): string {
  for (let number = 0; ; number++) {
    const suffix = number === 0 ? "" : String(number);
    if (!["$c", "$i", "$n", "$r"].some((name) => taken.has(name + suffix))) return suffix;
  }
}

/**
 * The counter may be undefined where modules import one another in a circle; then the meter is asked at once. When the meter
 * throws, the next tick asks it again.
 */
function textsOf(suffix: string) {
  const [n, c] = [`$n${suffix}`, `$c${suffix}`];
  // Of the forms that were measured the one that engines make the least of: no overflow to look out for.
  const tick = `(${n}=${n}-1&255)||(${n}=1,${n}=${c}())`;
  return {
    tick: `${tick};`,
    /** After a directive, which may have gone without its semicolon. */
    tickAfter: `;${tick};`,
    /** Around a statement. */
    openBlock: `{${tick};`,
    closeBlock: "}",
    /** Around an expression. */
    openBracket: `(${tick},`,
    closeBracket: ")",
    /** Around what a dynamic import is given, which could name the platform's own modules. */
    openImport: `$i${suffix}((`,
    closeImport: "))",
    tickStatic: `static{${tick}}`,
    rethrow: `$r${suffix}();`,
  };
}
