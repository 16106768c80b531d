import { HttpStatus } from '@nestjs/common';
import { messages } from '../messages.js';
import { SessionAccessError } from './session-access.error.js';

/**
 * `401 DEVICE_PROOF_REQUIRED`: the session is bound to a device (option `deviceBound`), and the request has no valid
 * proof of it. Browsers send a new proof automatically.
 */
export class DeviceProofRequiredError extends SessionAccessError {
  constructor() {
    super('DEVICE_PROOF_REQUIRED', messages.deviceProofRequired, HttpStatus.UNAUTHORIZED);
  }
}
