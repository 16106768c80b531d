/** Which of the instances this is. */
export class InstanceName {
  constructor(readonly value: string) {}
}
