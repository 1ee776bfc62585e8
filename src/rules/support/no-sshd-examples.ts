/** The examples of `no-sshd`: ways an SSH server is started, and commands that only look like one. */
import type { BadExample, Example } from '../../core/rule.ts'

const running = (...args: readonly string[]): Pick<Example, 'process'> => ({ process: { args } })

const leadsTo = (path: string, real: string): Pick<Example, 'facts'> => ({
  facts: { onHost: true, inside: { [path]: { real, links: [`${path} -> ${real}`], exists: true } } },
})

export const goodSshd: readonly Example[] = [
  { name: 'no SSH server', ...running('/bin/sleep', '100') },
  { name: 'an SSH client', ...running('ssh', '-N', 'host.example') },
  { name: 'a key agent', ...running('ssh-agent', '-D') },
  { name: 'keys are made', ...running('sh', '-c', 'ssh-keygen -A && ssh-keyscan git.example') },
  { name: 'its name is an argument', ...running('grep', 'sshd', '/etc/passwd') },
  { name: 'its name is an argument in a shell', ...running('sh', '-c', 'pgrep sshd || echo none') },
  { name: 'its name is a user', ...running('gosu', 'sshd', 'server') },
  { name: 'its name is part of a path', ...running('/opt/sshd/server') },
  { name: 'another service', ...running('service', 'nginx', 'start') },
  {
    name: 'a program of one file with many names',
    ...running('/bin/sleep', '100'),
    ...leadsTo('/bin/sleep', '/bin/busybox'),
  },
  { name: 'an exec of something else', operation: 'exec', ...running('ps', '-C', 'sshd') },
  { name: 'no arguments', process: { args: null } },
]

const server = { message: 'server' } as const

export const badSshd: readonly BadExample<'server'>[] = [
  { name: 'sshd itself', ...running('/usr/sbin/sshd', '-D', '-e'), ...server },
  { name: 'dropbear', ...running('dropbear', '-F'), ...server },
  { name: 'behind --init', ...running('/sbin/docker-init', '--', 'sshd', '-D'), ...server },
  { name: 'behind tini with options', ...running('tini', '-g', '-e', '143', '--', 'sshd'), ...server },
  { name: 'behind dumb-init', ...running('dumb-init', 'sshd', '-D'), ...server },
  { name: 'in a shell', ...running('sh', '-c', 'ssh-keygen -A; exec /usr/sbin/sshd -D'), ...server },
  { name: 'in a shell, quoted apart', ...running('bash', '-lc', '/usr/sbin/s"sh"d -D'), ...server },
  { name: 'in a group of a shell', ...running('sh', '-c', 'if true; then (sshd) ; fi; sleep 9'), ...server },
  { name: 'as the arguments of a shell', ...running('sh', '-c', 'exec "$@"', '-', 'sshd', '-D'), ...server },
  { name: 'through env', ...running('env', '-i', 'PATH=/usr/sbin', 'sshd'), ...server },
  { name: 'through env -S', ...running('env', '-S', 'sshd -D'), ...server },
  { name: 'as another user', ...running('su-exec', 'root:root', 'sshd'), ...server },
  { name: 'through gosu behind tini', ...running('tini', 'gosu', 'root', 'sshd'), ...server },
  {
    name: 'through the dynamic loader',
    ...running('/lib64/ld-linux-x86-64.so.2', '/usr/sbin/sshd'),
    ...server,
  },
  { name: 'as a service', ...running('sh', '-c', 'service ssh start && sleep infinity'), ...server },
  { name: 'by its init script', ...running('/etc/init.d/ssh', 'start'), ...server },
  {
    name: 'through a symbolic link of the image',
    ...running('/app/server'),
    ...leadsTo('/app/server', '/usr/sbin/sshd'),
    ...server,
  },
  { name: 'by exec, after the start', operation: 'exec', ...running('/usr/sbin/sshd'), ...server },
]
