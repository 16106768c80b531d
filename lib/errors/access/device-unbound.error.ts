import { HttpStatus } from '@nestjs/common';
import { messages } from '../messages.js';
import { SessionAccessError } from './session-access.error.js';

/**
 * `401 DEVICE_UNBOUND`: the session must be bound to a device (`deviceBound: { require: 'always' }`), but is not. The
 * user signs in with a browser that supports it.
 */
export class DeviceUnboundError extends SessionAccessError {
  constructor() {
    super('DEVICE_UNBOUND', messages.deviceUnbound, HttpStatus.UNAUTHORIZED);
  }
}
