/** The examples of `env-secrets`; what looks like a key here was made up. */
import type { BadExample, Example } from '../../core/rule.ts'

const environment = (...env: readonly string[]): Pick<Example, 'process'> => ({ process: { env } })

export const goodSecrets: readonly Example[] = [
  { name: 'no secrets', ...environment('PATH=/usr/bin:/bin', 'HOME=/root', 'TERM=xterm') },
  {
    name: 'where a secret is kept',
    ...environment(
      'DB_PASSWORD_FILE=/run/secrets/db',
      'TOKEN_PATH=/etc/token',
      'DB_PASSWORD=/run/secrets/db',
    ),
  },
  {
    name: 'what images set: fingerprints of the keys they were checked with',
    ...environment('GPG_KEY=A035C8C19219BA821ECEA86B64E628F8D684696D', 'PYTHON_SHA256=0a0a0a0a'),
  },
  {
    name: 'settings about secrets',
    ...environment('ALLOW_EMPTY_PASSWORD=yes', 'TOKEN_TTL=3600', 'PASSWORD='),
  },
  {
    name: 'what kubelet sets for a service called token',
    ...environment(
      'TOKEN_SERVICE_HOST=10.0.0.1',
      'TOKEN_PORT=tcp://10.0.0.1:443',
      'TOKEN_PORT_443_TCP_ADDR=10.0.0.1',
    ),
  },
  {
    name: 'words that only contain one',
    ...environment('TOKENIZERS_PARALLELISM=false', 'PASSENGER_APP_ENV=production'),
  },
  { name: 'the folder of a shell', ...environment('PWD=/srv', 'OLDPWD=/home') },
  { name: 'no value', ...environment('DB_PASSWORD') },
  {
    name: 'a name the site knows to be harmless',
    ...environment('PUBLIC_TOKEN=announcement'),
    parameters: { allow: ['PUBLIC_*'] },
  },
  {
    name: 'an exec with the environment of its container',
    operation: 'exec',
    config: { process: { env: ['DB_PASSWORD=hunter2'] } },
    process: { env: ['DB_PASSWORD=hunter2', 'TERM=xterm'] },
  },
]

const named = { message: 'named' } as const
const shaped = { message: 'shaped' } as const

export const badSecrets: readonly BadExample<'named' | 'shaped'>[] = [
  { name: 'a password', ...environment('DB_PASSWORD=hunter2'), ...named },
  { name: 'a password in one word', ...environment('PGPASSWORD=hunter2'), ...named },
  { name: 'a key, in mixed letters', ...environment('paymentApiKey=0a0a0a0a'), ...named },
  { name: 'a password in base64', ...environment('DB_PASSWORD_B64=aHVudGVyMg=='), ...named },
  {
    name: 'a name only the site knows',
    ...environment('VAULT_UNSEAL=0a0a0a0a'),
    parameters: { names: ['*_UNSEAL'] },
    ...named,
  },
  { name: 'an issued token under any name', ...environment(`CI_HELPER=ghp_${'a'.repeat(36)}`), ...shaped },
  {
    name: 'an issued key under the name of a file',
    ...environment(`X_FILE=AKIA${'A1'.repeat(8)}`),
    ...shaped,
  },
  { name: 'a private key', ...environment('PEM=-----BEGIN EC PRIVATE KEY-----\nMHcC'), ...shaped },
  {
    name: 'a private key in base64',
    ...environment('PEM=LS0tLS1CRUdJTiBFQyBQUklWQVRFIEtFWS0tLS0t'),
    ...shaped,
  },
  {
    name: 'an issued token in base64',
    // `ghp_` and 36 times `a`.
    ...environment(`SETTINGS_B64=Z2hwX2Fh${'YWFh'.repeat(11)}YQ==`),
    ...shaped,
  },
  { name: 'a password in a URL', ...environment('DATABASE_URL=postgres://app:hunter2@db/app'), ...shaped },
  {
    name: 'an exec that brings one',
    operation: 'exec',
    config: { process: { env: ['DB_PASSWORD=hunter2'] } },
    process: { env: ['DB_PASSWORD=hunter3'] },
    ...named,
  },
]
