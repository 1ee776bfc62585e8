import { describe, expect, test } from '@jest/globals'
import { cannotFail, textCannotFail } from './health-command.ts'

describe('textCannotFail', () => {
  test.each([
    '',
    ' ',
    ':',
    'true',
    '/bin/true',
    'exit 0',
    'exit 256',
    'exit',
    'echo ok',
    'curl -f http://localhost || true',
    'curl -f http://localhost || exit 0',
    'curl -f http://localhost; exit 0',
    'curl -f http://localhost; true',
    'curl -f http://localhost &',
    'curl -f http://localhost | true',
    'curl a && curl b || :',
    'exit 0; curl -f http://localhost',
    'true || curl -f http://localhost',
    'false || exit 0',
    'A=b true',
    'sh -c "exit 0"',
    'timeout 5 true',
    'true # curl',
    'curl -s x || exit 0; exit 0',
    'exit 0 || exit 1',
  ])('%j always succeeds', (text) => expect(textCannotFail(text)).toBe(true))

  test.each([
    'curl -f http://localhost',
    'curl -f http://localhost || exit 1',
    'curl -f http://localhost && true',
    'curl -f http://localhost && exit 0; exit 1',
    'curl -f http://localhost && exit 0 || exit 1',
    'curl -f http://localhost || exit 1; true',
    'if curl -f http://localhost; then exit 0; else exit 1; fi',
    '(exit 1)',
    'false',
    'exit 1',
    'true && exit 1',
    'curl "a || true"',
    'pg_isready -U postgres',
    'test -e /run/ready',
    'x=$(curl -f http://localhost) && echo ok',
    '! true',
    'set -e; curl -f http://localhost; true',
    'curl -f http://localhost; exit $?',
    'curl -f http://localhost; exit',
    'true | grep x',
    `${'true; '.repeat(10_000)}true`,
  ])('%j may fail', (text) => expect(textCannotFail(text)).toBe(false))
})

describe('cannotFail', () => {
  test.each<[readonly string[], boolean]>([
    [['true'], true],
    [['/usr/bin/true'], true],
    [['sh', '-c', 'exit 0'], true],
    [['busybox', 'true'], true],
    [['env', 'true'], true],
    [['curl', '||', 'true'], false],
    [['/bin/check'], false],
  ])('%j: %s', (command, is) => expect(cannotFail(command)).toBe(is))
})
