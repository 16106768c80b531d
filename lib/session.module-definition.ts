import { ConfigurableModuleBuilder } from '@nestjs/common';
import { flag } from './options/option-checks.js';
import type { SessionModuleOptions } from './options/session-options.interface.js';
import { SESSION_OPTIONS } from './session.constants.js';

/** Options of the module itself. */
export interface SessionModuleExtras {
  /**
   * Whether the module's providers can be injected everywhere without importing it again.
   *
   * @defaultValue `true`
   * @throws SessionOptionsError if it is neither true nor false.
   */
  isGlobal?: boolean;
}

const extras: SessionModuleExtras = { isGlobal: true };

export const { ConfigurableModuleClass, ASYNC_OPTIONS_TYPE, OPTIONS_TYPE } =
  new ConfigurableModuleBuilder<SessionModuleOptions>({
    optionsInjectionToken: SESSION_OPTIONS,
    // Each call creates a separate module. Nest 10 would otherwise merge two calls with equal options.
    alwaysTransient: true,
  })
    .setClassMethodName('forRoot')
    .setFactoryMethodName('createSessionOptions')
    .setExtras(extras, (definition, { isGlobal }) => ({
      ...definition,
      global: flag('isGlobal', isGlobal, true),
    }))
    .build();
