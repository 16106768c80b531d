/** Stops what specs have made global-setup.ts start. */
export default async function globalTeardown(): Promise<void> {
  const desk = globalThis.testResources;
  globalThis.testResources = undefined;
  await desk?.close();
}
