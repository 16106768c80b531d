/** The proxy before the instances. */
export interface Proxy {
  readonly name: string;
  /** Its address. */
  readonly url: string;
  /** Starts to forward requests to the instances at these addresses, in turn. */
  listen(port: number, host: string, instances: readonly string[]): Promise<void>;
  /** Forwards requests to these instances from now on. It resolves when no request to another instance is in flight. */
  route(instances: readonly string[]): Promise<void>;
  close(): Promise<void>;
}
