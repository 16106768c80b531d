/** The program; undefined where it is not installed (global-setup.ts looks for it). */
export const NGINX = process.env.TEST_NGINX;
