declare module 'cloudflare:node' {
  export function httpServerHandler(options: { port: number }): {
    fetch(...args: unknown[]): Promise<Response>;
  };
}
