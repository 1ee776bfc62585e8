import { expect, test } from '@jest/globals'
import { shellCommands } from './shell-command.ts'

test.each<[string, readonly (readonly [string, ...string[]])[]]>([
  ['sshd -D', [['', 'sshd', '-D']]],
  [
    'a; b && c || d | e',
    [
      ['', 'a'],
      [';', 'b'],
      ['&&', 'c'],
      ['||', 'd'],
      ['|', 'e'],
    ],
  ],
  [
    'a &&\n b\n\nc',
    [
      ['', 'a'],
      ['&&', 'b'],
      [';', 'c'],
    ],
  ],
  ['a & b &', [['', 'a'], ['&', 'b'], ['&']]],
  ['a;', [['', 'a']]],
  [`'/usr/sbin/s'"sh"\\d -D`, [['', '/usr/sbin/sshd', '-D']]],
  ['echo "a; b" \'c | d\'', [['', 'echo', 'a; b', 'c | d']]],
  ['echo "a\\"b \\$x \\n"', [['', 'echo', 'a"b $x \\n']]],
  ['a >/dev/null 2>&1 b', [['', 'a', 'b']]],
  [
    'a &>log; b',
    [
      ['', 'a'],
      [';', 'b'],
    ],
  ],
  [
    'a # b; c\nd',
    [
      ['', 'a'],
      [';', 'd'],
    ],
  ],
  ['a#b', [['', 'a#b']]],
  [
    'if a; then b; fi',
    [
      ['', 'if', 'a'],
      [';', 'then', 'b'],
      [';', 'fi'],
    ],
  ],
  [
    '(a; b)',
    [
      ['', '(', 'a'],
      [';', 'b', ')'],
    ],
  ],
  ['x=$(a)', [['', 'x=$', '(', 'a', ')']]],
  ['', []],
  ['a "unfinished', [['', 'a', 'unfinished']]],
])('%j', (text, commands) => {
  expect(shellCommands(text).map(({ joint, words }) => [joint, ...words])).toEqual(commands)
})

test('hostile text is read in linear time', () => {
  const text = `${'"\\'.repeat(50_000)}${"'".repeat(50_001)}`
  expect(shellCommands(text).length).toBeLessThan(2)
})
