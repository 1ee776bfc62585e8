/** Mount options that carry labels, in every way a runtime hands them on. */
import { expect, test } from '@jest/globals'
import { contextsOf } from './mount-context.ts'

const label = 'system_u:object_r:container_file_t:s0:c1,c2'

test.each([
  ['none', ['rbind', 'rw'], []],
  ['quoted, in one option', [`context="${label}"`], [['context', label]]],
  [
    'quoted, over two options',
    ['ro', 'context="system_u:object_r:container_file_t:s0:c1', 'c2"'],
    [['context', label]],
  ],
  ['unquoted: the kernel stops at the comma', [`fscontext=${label}`], [['fscontext', label.slice(0, -3)]]],
  ['quotes anywhere', ['defcontext=a"b:c,d"e'], [['defcontext', 'ab:c,de']]],
  [
    'several in one option',
    ['size=1,rootcontext=a:b:c:s0,context=d:e:f:s0'],
    [
      ['rootcontext', 'a:b:c:s0'],
      ['context', 'd:e:f:s0'],
    ],
  ],
  ['a quote that never ends', ['context="a,b', 'rw'], [['context', 'a,b,rw']]],
  ['names that only end so', ['mycontext=a', 'x-context=b'], []],
])('%s', (_, options, expected) => {
  expect(contextsOf(options).map(({ option, label: text }) => [option, text])).toEqual(expected)
})
test('no options, no labels', () => expect(contextsOf(undefined)).toEqual([]))
