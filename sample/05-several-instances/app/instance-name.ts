/** The name of this instance. */
export class InstanceName {
  constructor(readonly value: string) {}
}
