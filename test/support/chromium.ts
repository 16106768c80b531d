/** The program; undefined where it is not installed (global-setup.ts looks for it). */
export const CHROMIUM = process.env.TEST_CHROMIUM;
