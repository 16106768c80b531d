import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';

/** A certificate that signs itself (RFC 5280, in DER), for a server on the loopback interface. */
export function selfSigned(): { readonly key: string; readonly cert: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const der = certificate(privateKey, publicKey).toString('base64');
  const cert = `-----BEGIN CERTIFICATE-----\n${der.match(/.{1,64}/g)!.join('\n')}\n-----END CERTIFICATE-----\n`;
  return { key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), cert };
}

function certificate(privateKey: KeyObject, publicKey: KeyObject): Buffer {
  const ecdsaWithSha256 = sequence(node(0x06, Buffer.from('2a8648ce3d040302', 'hex')));
  const commonName = node(0x06, Buffer.from('550403', 'hex'));
  const name = sequence(node(0x31, sequence(commonName, node(0x0c, Buffer.from('localhost')))));
  const validity = sequence(time(-1), time(1));
  const body = sequence(
    node(0x02, Buffer.from([1])),
    ecdsaWithSha256,
    name,
    validity,
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
  );
  const signature = sign('sha256', body, privateKey);
  return sequence(body, ecdsaWithSha256, node(0x03, Buffer.concat([Buffer.from([0]), signature])));
}

/** Midnight of the day so many days from now. */
function time(days: number): Buffer {
  const date = new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10).replaceAll('-', '');
  return node(0x18, Buffer.from(`${date}000000Z`));
}

function sequence(...parts: Buffer[]): Buffer {
  return node(0x30, Buffer.concat(parts));
}

function node(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}
