/** What stands before the instances. */
export interface Proxy {
  readonly name: string;
  /** Where it listens. */
  readonly url: string;
  /** Begins to hand requests to the instances at these addresses, in turn. */
  listen(port: number, host: string, instances: readonly string[]): Promise<void>;
  /** Hands requests to these from now on; resolves when no request is under way to any other, nor will be. */
  route(instances: readonly string[]): Promise<void>;
  close(): Promise<void>;
}
