import { createHash, X509Certificate } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { generate } from 'selfsigned';

/** A certificate that nobody but its owner has signed, with its private key, both as PEM. */
export interface Certificate {
  readonly key: string;
  readonly cert: string;
}

const DAY = 24 * 60 * 60_000;

/** A certificate for this machine, in a file that only we can read. It is made once, and anew when it ends within a day. */
export async function keptCertificate(file: string): Promise<Certificate> {
  try {
    const kept = JSON.parse(await readFile(file, 'utf8')) as Certificate;
    if (Date.parse(new X509Certificate(kept.cert).validTo) - Date.now() > DAY) return kept;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const { private: key, cert } = await generate([{ name: 'commonName', value: 'localhost' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 7, ip: '127.0.0.1' },
          { type: 7, ip: '::1' },
        ],
      },
    ],
  });
  await mkdir(dirname(file), { recursive: true });
  const draft = `${file}.${process.pid}`;
  await writeFile(draft, JSON.stringify({ key, cert }), { mode: 0o600 });
  await rename(draft, file);
  return { key, cert };
}

/** What Chromium calls the key of a certificate: base64 of the SHA-256 of its SubjectPublicKeyInfo. */
export function pinOf({ cert }: Pick<Certificate, 'cert'>): string {
  const spki = new X509Certificate(cert).publicKey.export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(spki).digest('base64');
}
