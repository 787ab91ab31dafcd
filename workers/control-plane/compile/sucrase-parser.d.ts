/** The tokens that sucrase works from, which its public entry offers only as printed text. */
declare module "sucrase/dist/esm/parser/index.js" {
  export interface Token {
    type: number;
    start: number;
    end: number;
    isType: boolean;
    identifierRole: number | null;
  }
  export function parse(
    input: string,
    isJSXEnabled: boolean,
    isTypeScriptEnabled: boolean,
    isFlowEnabled: boolean,
  ): { tokens: Token[] };
}

declare module "sucrase/dist/esm/parser/tokenizer/types.js" {
  export const TokenType: Record<"at" | "name" | "eq" | "jsxTagStart" | "_export" | "_import", number>;
}

declare module "sucrase/dist/esm/parser/tokenizer/index.js" {
  import type { Token } from "sucrase/dist/esm/parser/index.js";

  export const IdentifierRole: Record<"ImportDeclaration", number>;
  export function isNonTopLevelDeclaration(token: Token): boolean;
}
