import { describe, expect, test } from '@jest/globals'
import { isListed, portsOf, shownPort } from './published-ports.ts'

describe('portsOf', () => {
  test.each([
    ['8080', { first: 8080, last: 8080 }],
    ['8000-8010', { first: 8000, last: 8010 }],
    ['80/tcp', { first: 80, last: 80 }],
    ['0080', { first: 80, last: 80 }],
    ['0-1023', { first: 0, last: 1023 }],
    ['', 'free'],
    ['0', 'free'],
    ['00', 'free'],
    ['/tcp', 'free'],
  ])('%j', (text, ports) => expect(portsOf(text)).toEqual(ports))

  test.each(['http', '-1', '+80', '80-', '90-80', '65536', '1-65536', '80,443', ' 80', '0x50'])(
    '%j cannot be read',
    (text) => expect(portsOf(text)).toBeUndefined(),
  )
})

describe('isListed', () => {
  test.each([
    ['443/tcp', ['443/tcp'], true],
    ['443/tcp', ['443'], true],
    ['443', ['443/tcp'], true],
    ['443/udp', ['443/tcp'], false],
    ['443/TCP', ['443/tcp'], true],
    ['8005/tcp', ['8000-8010'], true],
    ['8000-8011/tcp', ['8000-8010'], false],
    ['7999-8001/tcp', ['8000-8010'], false],
    ['9/sctp', ['*'], true],
    ['9/tcp', [], false],
    ['nonsense', ['1-65535'], false],
  ])('%s in %j: %s', (ports, list, listed) => expect(isListed(ports, list)).toBe(listed))
})

test.each([
  [{ hostIp: '', hostPort: '8080', container: '80/tcp' }, '8080 -> 80/tcp'],
  [{ hostIp: '::1', hostPort: '', container: '80/tcp' }, '[::1]:any free port -> 80/tcp'],
])('shownPort %j', (port, text) => expect(shownPort(port)).toBe(text))
