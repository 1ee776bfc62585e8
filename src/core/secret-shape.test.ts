import { describe, expect, test } from '@jest/globals'
import { looksSecret, mayBeSecret, mayHoldSecrets, namesSecret } from './secret-shape.ts'

describe('namesSecret', () => {
  test.each([
    'PASSWORD',
    'DB_PASSWORD',
    'PGPASSWORD',
    'mysqlRootPassword',
    'DB_PASS',
    'DB_PWD',
    'SSH_PASSPHRASE',
    'MYSQL_PASSWD',
    'SECRET_KEY_BASE',
    'CLIENTSECRET',
    'AWS_SECRET_ACCESS_KEY',
    'GITHUB_TOKEN',
    'API_KEY',
    'apiKey',
    'APIKEY',
    'PRIVATE_KEY_PEM',
    'GOOGLE_CREDENTIALS',
    'PASSWORD_B64',
    'AWS_SESSION_TOKEN',
  ])('%s', (name) => {
    expect(namesSecret(name)).toBe(true)
    expect(mayHoldSecrets(`PATH=/bin\n${name}=x`)).toBe(true)
  })

  test.each([
    'PATH',
    'PWD',
    'OLDPWD',
    'GPG_KEY',
    'GPG_KEYS',
    'PUBLIC_KEY',
    'KEYCLOAK_VERSION',
    'KEYBOARD',
    'PASSENGER_APP_ENV',
    'PASSIVE_PORTS',
    'BYPASS',
    'COMPASS_HOME',
    'TOKENIZERS_PARALLELISM',
    'TOKEN_TTL',
    'OAUTH_TOKEN_URL',
    'SECRET_NAME',
    'AWS_ACCESS_KEY_ID',
    'API_KEY_HEADER',
    'TOKEN_SERVICE_HOST',
    'TOKEN_SERVICE_PORT_HTTPS',
    'TOKEN_PORT',
    'TOKEN_PORT_443_TCP_PROTO',
    'SECRETARY',
    'MONKEY',
  ])('not %s', (name) => expect(namesSecret(name)).toBe(false))
})

describe('mayBeSecret', () => {
  test.each(['hunter2', 'correct horse', '1234', '/AbC+/=='])('%s', (value) =>
    expect(mayBeSecret(value)).toBe(true),
  )
  test.each([
    '',
    'true',
    'No',
    '1',
    '/run/secrets/db',
    '/var/run/secrets/x',
    'vault:secret/db',
    '$(DB)',
    ['$', '{DB}'].join(''),
  ])('not %s', (value) => expect(mayBeSecret(value)).toBe(false))
})

// Put together here, so that nobody who looks for leaked keys finds these.
const pem = (kind: string): string => `-----BEGIN ${kind}-----\nMIIEvQ`

const secrets = [
  `AKIA${'A1'.repeat(8)}`,
  `ghp_${'a'.repeat(36)}`,
  `github_pat_${'a'.repeat(40)}`,
  ...['gho', 'ghu', 'ghs', 'ghr', 'npm'].map((prefix) => `${prefix}_${'a'.repeat(36)}`),
  ...['sk', 'rk'].map((prefix) => `${prefix}_live_${'a'.repeat(24)}`),
  `ASIA${'A1'.repeat(8)}`,
  `AIza${'a'.repeat(35)}`,
  `dckr_pat_${'a'.repeat(27)}`,
  `hvs.${'a'.repeat(24)}`,
  `pypi-${'a'.repeat(60)}`,
  `SG.${'a'.repeat(22)}.b`,
  `AGE-SECRET-KEY-1${'A'.repeat(58)}`,
  `glpat-${'a'.repeat(20)}`,
  `xoxb-${'1'.repeat(12)}`,
  `eyJ${'a'.repeat(20)}.eyJ${'b'.repeat(20)}.c`,
  pem('PRIVATE KEY'),
  pem('RSA PRIVATE KEY'),
  `\n${pem('OPENSSH PRIVATE KEY')}`,
  btoa(pem('PRIVATE KEY')),
  btoa(pem('RSA PRIVATE KEY')),
  btoa(pem('ENCRYPTED PRIVATE KEY')),
  'postgres://app:hunter2@db/app',
  'redis://:hunter2@cache:6379',
  'amqp+ssl://a:b@c',
  'mysql://app:hunter2@db',
]

describe('looksSecret', () => {
  test.each([
    ...secrets,
    ...secrets.map(btoa),
    ...secrets.map((secret) => btoa(`${secret}\n`)),
    // As base64(1) wraps it, and in the alphabet for URLs.
    ...secrets.map((secret) => btoa(secret).replace(/.{76}/g, '$&\n')),
    btoa('redis://:?>?>@c').replaceAll('/', '_').replaceAll('+', '-').replace(/=+$/, ''),
  ])('%#', (value) => {
    expect(looksSecret(value)).toBe(true)
    expect(mayHoldSecrets(`PATH=/bin\nX=${value}`)).toBe(true)
  })

  test.each([
    'A035C8C19219BA821ECEA86B64E628F8D684696D',
    '/usr/local/bin:/usr/bin',
    'https://example.com/a:b@c',
    'https://user@example.com/',
    'tcp://10.0.0.1:443',
    pem('CERTIFICATE'),
    btoa(pem('CERTIFICATE')),
    btoa(pem('PUBLIC KEY')),
    'AKIAnot',
    'eyJust a word',
    btoa('https://example.com/'),
    btoa('an ordinary sentence, in base64'),
    btoa(`x ghp_${'a'.repeat(36)}`),
    `${btoa(`ghp_${'a'.repeat(36)}`)}!`,
    '',
  ])('not %#', (value) => expect(looksSecret(value)).toBe(false))
})

test('an ordinary environment holds no trace of a secret', () => {
  const env = ['PATH=/usr/bin:/bin', 'HOME=/root', 'LANG=C.UTF-8', 'KUBERNETES_SERVICE_HOST=10.96.0.1']
  expect(mayHoldSecrets(env.join('\n'))).toBe(false)
})

test('hostile names and values are judged in linear time', () => {
  expect(namesSecret(`TOKEN${'_SERVICE_PORT'.repeat(50_000)}-`)).toBe(true)
  expect(looksSecret(`x://${':'.repeat(500_000)}`)).toBe(false)
  expect(looksSecret(`-----BEGIN ${'A '.repeat(200_000)}`)).toBe(false)
  expect(looksSecret(`eyJ${'a'.repeat(500_000)}`)).toBe(false)
  expect(looksSecret(`${'='.repeat(500_000)}a`)).toBe(false)
  expect(looksSecret(btoa('a'.repeat(500_000)))).toBe(false)
})
