/** Ways round the rule on dockerd's network ports: a process that has its name and such arguments stands in for it. */
import type { Attempt, Evasions } from '../support/evasion.ts'

const waits = '-c "while kill -0 \\$PPID 2>/dev/null; do sleep 0.1; done"'

/** Listens on any port, and says when. */
const listens = `-e "${[
  'require(\\"net\\").createServer().listen(0, () => require(\\"fs\\").writeFileSync(\\"/mnt/ready\\", \\"\\"))',
  'const began = process.ppid; setInterval(() => process.ppid === began || process.exit(), 100)',
].join('; ')}"`

interface Standing {
  /** Its arguments after its name. */
  readonly told?: string
  /** Shell lines before it begins, and after. */
  readonly before?: string
  readonly after?: string
  /** A command it is put behind. */
  readonly as?: string
  /** Whether it listens on a TCP port. */
  readonly ports?: boolean
}

/** One that lives as long as the call, with a pid file of its own for that long. */
const behind = ({ told = '', before = ':', after = ':', as = '', ports = false }: Standing): string => {
  const program = '/mnt/dockerd'
  const made = ports
    ? `touch ${program}; mount --bind ${process.execPath} ${program}`
    : `cp /bin/dash ${program}; touch /mnt/ready`
  return [
    "unshare -m sh -c 'while ls -l /proc/[0-9]*/exe 2>/dev/null | grep -q /dockerd; do sleep 0.01; done",
    'mount -t tmpfs tmpfs /etc/docker; P=/run/docker.pid; rm -f $P; mount -t tmpfs tmpfs /mnt',
    `${made}; ${before}; ${as} ${program} ${ports ? listens : waits} x ${told} &`,
    'until readlink /proc/$!/exe | grep -q dockerd && [ -e /mnt/ready ] || ! kill -0 $!; do sleep 0.01; done',
    // Later than its configuration file by more than the kernel's clock of files has in one tick, as a real one's is.
    `sleep 0.02; echo $! > $P; ${after}; exec "$@"' x`,
  ]
    .join('; ')
    .replace('&;', '&')
}

const file = (settings: object): string =>
  `echo "${JSON.stringify(settings).replaceAll('"', '\\"')}" > /etc/docker/daemon.json`

const everywhere = 'tcp://0.0.0.0:2375'

const served = (says: RegExp, standing: Standing): Attempt => ({
  by: 'engine-tcp-port',
  says,
  as: 'docker',
  policy: 'require-proof = true',
  behind: behind(standing),
  harmless: { behind: behind({}) },
})

const open = /serves its API on .*2375.* to whoever connects/

export const enginePortEvasions: Evasions = {
  'engine-tcp-port': {
    'another way to write the option': [
      served(open, { told: `-DH${everywhere}` }),
      served(open, { told: '--host 0.0.0.0:2375' }),
      served(open, { told: `-l debug -H=${everywhere}` }),
      served(open, { before: file({ hosts: ['fd://', everywhere] }) }),
    ],
    'a configuration file elsewhere': [
      served(open, {
        told: '--config-file /mnt/other.json',
        before: `${file({ hosts: [everywhere] })}; mv /etc/docker/daemon.json /mnt/other.json`,
      }),
    ],
    'tls without tlsverify, or tlsverify that is none': [
      served(open, { told: `--tls -H ${everywhere}` }),
      served(open, { told: `--tlsverify --tlsverify=false -H ${everywhere}` }),
      served(open, { told: `--label --tlsverify -H ${everywhere}` }),
      served(open, { before: file({ hosts: [everywhere], tls: true, tlsverify: 1 }) }),
    ],
    'a file that is put right, or taken away, and not read again': [
      served(/changed after it began/, { ports: true, after: `sleep 0.02; ${file({ tlsverify: true })}` }),
      served(/changed after it began/, {
        ports: true,
        before: file({}),
        after: 'rm /etc/docker/daemon.json',
      }),
    ],
    'sockets of systemd': [served(/started with \(fd:\/\/\)/, { ports: true, told: '-H fd://' })],
    'a dockerd that nobody finds, of somebody else, or of another data root': [
      served(/no dockerd of root’s/, { told: '--data-root /srv/docker' }),
      served(/no dockerd of root’s/, { after: 'kill $!; rm $P' }),
      served(/no dockerd of root’s/, { as: 'setpriv --reuid 1 --clear-groups' }),
    ],
    'another program in its pid file, itself elsewhere': [
      served(open, { told: `-H ${everywhere}`, after: 'echo 1 > $P' }),
      served(open, { told: `-H ${everywhere} --pidfile /mnt/pid`, after: 'rm $P' }),
    ],
  },
}
