/** Both forms of linux.cgroupsPath. */
import { expect, test } from '@jest/globals'
import { cgroupPlace, isHostCgroup } from './cgroup-path.ts'

test.each([
  ['/docker/f00', false, { parent: '/docker', name: 'f00', climbs: false }],
  ['docker//f00/', false, { parent: '/docker', name: 'f00', climbs: false }],
  ['f00', false, { parent: '/', name: 'f00', climbs: false }],
  ['/docker/../f00', false, { parent: '/', name: 'f00', climbs: true }],
  ['system.slice:docker:f00', true, { parent: 'system.slice', name: 'f00', climbs: false }],
  ['system.slice:docker:f00', false, { parent: 'system.slice', name: 'f00', climbs: false }],
  [':nerdctl:f00', true, { parent: 'system.slice', name: 'f00', climbs: false }],
  ['-:docker:f00', true, { parent: '-.slice', name: 'f00', climbs: false }],
  ['/a:b:c', false, { parent: '/', name: 'a:b:c', climbs: false }],
  ['a.slice:b:c:d', true, { parent: '/', name: 'a.slice:b:c:d', climbs: false }],
])('%s', (text, systemd, place) => expect(cgroupPlace(text, systemd)).toEqual(place))

test('the host itself', () => {
  expect(['/', '-.slice', '/init.scope', '/init.scope/x'].map(isHostCgroup)).toEqual([true, true, true, true])
  expect(['/docker', 'system.slice', '/my-init.scope'].map(isHostCgroup)).toEqual([false, false, false])
})
