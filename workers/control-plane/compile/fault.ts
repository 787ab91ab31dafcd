/** Why a file cannot be used, and the offset at which that shows; the caller knows the file. */
export class Fault extends Error {
  readonly offset: number;

  constructor(offset: number, reason: string) {
    super(reason);
    this.offset = offset;
  }
}
