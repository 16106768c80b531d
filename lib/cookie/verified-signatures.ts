/** So many signatures are remembered at least, and twice as many at most: some 2 MB. */
const CAPACITY = 5_000;

/**
 * Signatures that were found to be right a moment ago, so that the requests of a busy session cost one HMAC and not one
 * each. Belongs to one set of secrets and lives no longer. A signature is still compared in full, in constant time.
 */
export class VerifiedSignatures {
  #recent = new Map<string, Buffer>();
  #older = new Map<string, Buffer>();

  /** The right signature of an id, if it is remembered. */
  of(id: string): Buffer | undefined {
    const recent = this.#recent.get(id);
    if (recent !== undefined) return recent;
    const older = this.#older.get(id);
    if (older !== undefined) this.#put(id, older);
    return older;
  }

  /** Remembers a signature that was found to be right. */
  add(id: string, signature: Buffer): void {
    // Copies: what is cut out of a header, or of a pool of memory, would keep the whole of it.
    this.#put(Buffer.from(id).toString(), Buffer.copyBytesFrom(signature));
  }

  #put(id: string, signature: Buffer): void {
    if (this.#recent.size >= CAPACITY) {
      this.#older = this.#recent;
      this.#recent = new Map();
    }
    this.#recent.set(id, signature);
  }
}
