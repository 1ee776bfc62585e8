import { describe, expect, test } from '@jest/globals'
import { shellText, startedCommands, withoutWrappers } from './wrapped-command.ts'

const split = (text: string): readonly string[] => text.split(' ')

describe('withoutWrappers', () => {
  test.each([
    ['/usr/sbin/sshd -D', '/usr/sbin/sshd -D'],
    ['/sbin/docker-init -- sshd -D', 'sshd -D'],
    ['tini -g -e 143 -- sshd', 'sshd'],
    ['dumb-init --rewrite 15:2 sshd', 'sshd'],
    ['env -i -u HOME PATH=/bin sshd', 'sshd'],
    ['gosu root:root sshd -D', 'sshd -D'],
    ['timeout -k 5 10 sshd', 'sshd'],
    ['nice -n 5 nohup setsid sshd', 'sshd'],
    ['setpriv --reuid 0 --clear-groups -- sshd', 'sshd'],
    ['/lib64/ld-linux-x86-64.so.2 --library-path /lib /usr/sbin/sshd', '/usr/sbin/sshd'],
    ['/lib/ld-musl-x86_64.so.1 sshd', 'sshd'],
    ['busybox nohup sshd', 'sshd'],
    ['chroot -- / sshd', 'sshd'],
    ['sudo -u app server', 'server'],
    ['tini', 'tini'],
    ['grep sshd /etc/passwd', 'grep sshd /etc/passwd'],
  ])('%s', (args, command) => expect(withoutWrappers(split(args))).toEqual(split(command)))

  test('gosu: a user of that name is no program', () => {
    expect(withoutWrappers(['gosu', 'sshd', 'server'])).toEqual(['server'])
  })
})

describe('shellText', () => {
  test.each<[readonly string[], string | undefined]>([
    [['sh', '-c', 'sshd -D'], 'sshd -D'],
    [['/bin/bash', '-lc', 'sshd'], 'sshd'],
    [['bash', '-o', 'pipefail', '--norc', '-c', 'sshd'], 'sshd'],
    [['sh', '-c', '--', 'sshd'], 'sshd'],
    [['su', '-', 'root', '-c', 'sshd'], 'sshd'],
    [['su', '--command=sshd'], 'sshd'],
    [['env', '-S', 'sshd -D'], 'sshd -D'],
    [['env', '-Ssshd -D'], 'sshd -D'],
    [['sh', 'script.sh', '-c', 'sshd'], undefined],
    [['python3', '-c', 'sshd'], undefined],
    [['sh'], undefined],
  ])('%j', (args, text) => expect(shellText(args)).toBe(text))
})

describe('startedCommands', () => {
  test.each<[readonly string[], readonly string[]]>([
    [
      ['tini', '--', 'sh', '-c', 'ssh-keygen -A && exec /usr/sbin/sshd -D'],
      ['ssh-keygen -A', '/usr/sbin/sshd -D'],
    ],
    [
      ['sh', '-c', 'if a; then (sshd); fi'],
      ['a', 'sshd )', 'fi'],
    ],
    [['sh', '-c', 'A=b exec su -c "sshd -D" root'], ['sshd -D']],
    [['sh', '-c', "eval 'ss''hd'"], ['sshd']],
    [
      ['sh', '-c', 'exec "$@"', '--', 'sshd'],
      ['$@', '-- sshd', 'sshd'],
    ],
    [['tini', '--', 'env', '-S', 'A=b sshd -D'], ['sshd -D']],
    [['sleep', '100'], ['sleep 100']],
  ])('%j', (args, commands) => {
    const found = startedCommands(args).map((command) => command.join(' '))
    for (const command of commands) expect(found).toContain(command)
  })

  test('a name handed over as an argument is not started', () => {
    const found = startedCommands(['sh', '-c', 'grep sshd /etc/passwd; pkill sshd']).map(
      ([program]) => program,
    )
    expect(found).toEqual(['grep', 'pkill'])
  })

  test('shells within shells end somewhere', () => {
    const nested = Array.from({ length: 40 }).reduce<string>((text) => `eval ${text}`, 'sshd')
    expect(startedCommands(['sh', '-c', nested]).length).toBe(1)
  })
})
