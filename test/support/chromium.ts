import { findResource } from './resources/find.js';

/** The program; undefined where it is not installed. */
export const CHROMIUM = await findResource('chromium');
