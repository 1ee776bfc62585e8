/** `lintel install docker --tcp 2376 --tls DIR`: a dockerd that serves clients with the right certificate only. Needs root. */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals'
import { type InstalledHost, openInstalledHost, tree } from './support/installed.ts'
import { type Outcome, until } from './support/private-host.ts'

jest.setTimeout(240_000)

let host: InstalledHost
const folder = '/etc/docker/tls'

const restart = `kill $(pidof dockerd)
while pidof dockerd >/dev/null; do sleep 0.1; done
setsid dockerd >>/run/dockerd.log 2>&1 </dev/null &
for _ in $(seq 150); do docker version >/dev/null 2>&1 && exit 0; sleep 0.1; done
exit 1
`

/** A CA, a server's certificate and key, a client's, and one of another CA. */
const certificates = `cd ${folder}
ca() { openssl req -x509 -newkey rsa:2048 -nodes -days 90 -subj "/CN=$1" -keyout $1-key.pem -out $1.pem 2>/dev/null; }
leaf() { # name, CA, extensions, days
  openssl req -newkey rsa:2048 -nodes -subj "/CN=$1" -keyout $1-key.pem -out $1.csr 2>/dev/null
  printf '%s' "$3" > $1.ext
  openssl x509 -req -in $1.csr -CA $2.pem -CAkey $2-key.pem -CAcreateserial -days \${4:-90} -extfile $1.ext -out $1-cert.pem 2>/dev/null
}
ca ca; ca other
leaf server ca 'subjectAltName=DNS:gateway.example,IP:127.0.0.1
extendedKeyUsage=serverAuth'
leaf client ca 'extendedKeyUsage=clientAuth'
leaf stranger other 'extendedKeyUsage=clientAuth'
leaf nameless ca 'extendedKeyUsage=serverAuth'
leaf foreign other 'subjectAltName=DNS:gateway.example'
leaf guest ca 'subjectAltName=DNS:gateway.example
extendedKeyUsage=clientAuth'
cp server-cert.pem keep-cert.pem; cp server-key.pem keep-key.pem
chmod 0400 server-key.pem keep-key.pem
`

const install = ['install', 'docker', '--tcp', '2376', '--tls', folder]

beforeAll(async () => {
  host = await openInstalledHost(['dockerd', 'docker', 'openssl'])
  mkdirSync(host.path(folder), { recursive: true })
  writeFileSync(
    host.path('/etc/docker/daemon.json'),
    JSON.stringify({
      iptables: false,
      'exec-opts': ['native.cgroupdriver=cgroupfs'],
      'cgroup-parent': host.cgroup,
    }),
  )
  writeFileSync(host.path('/run/restart'), restart)
  // Without systemd there are none of its units.
  await host.shell('mount -t tmpfs tmpfs /lib/systemd/system')
  await host.shell(certificates)
  host.launch('dockerd', 'dockerd', [])
  await until(async () => (await host.run('docker', ['version'])).exitCode === 0, 'dockerd', 30_000)
})

afterAll(() => host?.close())

test.each([
  [
    'a key that others can read',
    'chmod 0644 server-key.pem',
    /server-key\.pem has mode 0644, the key is root's alone/,
  ],
  ['no key', 'rm -f server-key.pem', /server-key\.pem cannot be looked at \(ENOENT\)/],
  ["another's key", 'cp client-key.pem server-key.pem; chmod 0400 server-key.pem', /is not the key of/],
  [
    'a certificate without names',
    'cp nameless-cert.pem server-cert.pem; cp -f nameless-key.pem server-key.pem',
    /names no host/,
  ],
  [
    'one of another CA',
    'cp foreign-cert.pem server-cert.pem; cp -f foreign-key.pem server-key.pem',
    /is not proven by/,
  ],
  [
    "a client's",
    'cp guest-cert.pem server-cert.pem; cp -f guest-key.pem server-key.pem',
    /is not for servers/,
  ],
  ['no certificate', 'echo hello > server-cert.pem', /server-cert\.pem holds no certificate/],
  ['a cut one', 'sed -i "3,9d" server-cert.pem', /server-cert\.pem/],
])('refused, nothing changed: %s', async (_, spoil, problem) => {
  const restored =
    'cp -f keep-cert.pem server-cert.pem; cp -f keep-key.pem server-key.pem; chmod 0400 server-key.pem'
  await host.shell(
    `cd ${folder}; ${spoil}; chmod go= server-key.pem 2>/dev/null || true; ${spoil.startsWith('chmod') ? spoil : ''}`,
  )
  const before = await tree(host, ['/etc/docker'])
  try {
    const ran = await host.lintel(install)
    expect(ran).toMatchObject({ exitCode: 1, stderr: expect.stringMatching(problem) })
    expect(ran.stderr).toMatch(/^[^\n]*; nothing was changed$/)
    expect(await tree(host, ['/etc/docker'])).toBe(before)
  } finally {
    await host.shell(`cd ${folder}; ${restored}`)
  }
})

test('an expired one is refused', async () => {
  await host.shell(
    `cd ${folder}; mkdir -p demo; : > demo/index; echo 01 > demo/serial; printf '[ca]\\ndefault_ca=c\\n[c]\\ndatabase=demo/index\\nserial=demo/serial\\nnew_certs_dir=demo\\ndefault_md=sha256\\npolicy=p\\n[p]\\ncommonName=supplied\\n' > demo/conf; openssl ca -batch -config demo/conf -cert ca.pem -keyfile ca-key.pem -in server.csr -extfile server.ext -startdate 20200101000000Z -enddate 20210101000000Z -out server-cert.pem 2>/dev/null; cp -f keep-key.pem server-key.pem; chmod 0400 server-key.pem`,
  )
  const ran = await host.lintel(install)
  expect(ran).toMatchObject({
    exitCode: 1,
    stderr: expect.stringMatching(
      /server-cert\.pem ended on Jan {2}1 00:00:00 2021 GMT; renew it; nothing was changed$/,
    ),
  })
  await host.shell(`cd ${folder}; cp -f keep-cert.pem server-cert.pem`)
})

test('options that make no sense are refused', async () => {
  for (const words of [
    ['install', 'docker', '--tcp', '2376'],
    ['install', 'docker', '--tcp', '2375', '--tls', folder],
    ['install', '--tcp', '2376', '--tls', folder],
    ['install', 'docker', '--tcp', '2376', '--tls', 'tls'],
  ])
    expect(await host.lintel(words)).toMatchObject({ exitCode: 2, stdout: '' })
})

const client = (...options: readonly string[]): Promise<Outcome> =>
  host.run('docker', [...options, '-H', 'tcp://127.0.0.1:2376', 'version', '--format', '{{.Server.Version}}'])
const tls = (name: string): readonly string[] => [
  '--tlsverify',
  '--tlscacert',
  `${folder}/ca.pem`,
  '--tlscert',
  `${folder}/${name}-cert.pem`,
  '--tlskey',
  `${folder}/${name}-key.pem`,
]

test('a restart that fails leaves a running dockerd with its old file', async () => {
  const before = await tree(host, ['/etc/docker'])
  writeFileSync(
    host.path('/run/flaky'),
    'grep -q tlsverify /etc/docker/daemon.json && { kill $(pidof dockerd); while pidof dockerd; do sleep 0.1; done; exit 1; }\nsetsid dockerd >>/run/dockerd.log 2>&1 </dev/null &\n',
  )
  const failed = await host.lintel([...install, '--restart-command', 'sh /run/flaky'])
  expect(failed).toMatchObject({
    exitCode: 1,
    stderr: 'lintel: docker: it could not be restarted by: sh /run/flaky; everything is as it was',
  })
  expect(await tree(host, ['/etc/docker'])).toBe(before)
  expect((await host.run('docker', ['version'])).exitCode).toBe(0)
})

test('the right certificate is served; none, a wrong one and plain text are refused; uninstall takes it away', async () => {
  chmodSync(host.path(`${folder}/server-key.pem`), 0o400)
  const before = await tree(host, ['/etc/docker'])
  const ran = await host.lintel([...install, '--restart-command', 'sh /run/restart'])
  expect(ran).toMatchObject({ exitCode: 0, stderr: '' })
  expect(ran.stdout).toContain('server-cert.pem is for gateway.example, 127.0.0.1, not for this host')
  expect(ran.stdout).toMatch(
    /restarting docker \(sh \/run\/restart\); without live-restore its containers stop/,
  )
  expect(await client(...tls('client'))).toMatchObject({ exitCode: 0 })
  expect((await client(...tls('stranger'))).exitCode).not.toBe(0)
  expect((await client('--tls', '--tlscacert', `${folder}/ca.pem`)).exitCode).not.toBe(0)
  expect((await client()).exitCode).not.toBe(0)
  expect(await host.shell('ss -Hltn | sed "s/  */ /g" | cut -d" " -f4')).not.toMatch(/:2375$/m)
  const { stdout } = await host.run('docker', ['info', '--format', '{{.DefaultRuntime}}'])
  expect(stdout).toBe('lintel')

  const out = await host.lintel(['uninstall', 'docker', '--restart-command', 'sh /run/restart'])
  expect(out).toMatchObject({ exitCode: 0, stderr: '' })
  expect((await client(...tls('client'))).exitCode).not.toBe(0)
  expect(await tree(host, ['/etc/docker'])).toBe(before)
})
