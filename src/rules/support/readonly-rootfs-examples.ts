/** Examples of `readonly-rootfs`. */
import type { BadExample, Example } from '../../core/rule.ts'
import { volumeAt } from './mount-examples.ts'

export const rootfsGood: readonly Example[] = [
  { name: 'a read-only root', config: { root: { readonly: true } } },
  { name: 'a volume for data', config: volumeAt('/var/lib/db') },
  { name: 'a read-only volume with programs', config: volumeAt('/opt', 'ro') },
  {
    name: 'a build step',
    config: { root: { readonly: null } },
    identity: { engine: 'buildkit', proven: true, buildStep: true },
  },
]

export const rootfsBad: readonly BadExample<'writable' | 'covered'>[] = [
  { name: 'nothing said', config: { root: { readonly: null } }, message: 'writable' },
  { name: 'writable', config: { root: { readonly: false } }, message: 'writable' },
  { name: 'no root said', config: { root: null }, message: 'writable' },
  { name: 'no mounts at all', config: { root: { readonly: false }, mounts: null }, message: 'writable' },
  {
    name: 'something in /run',
    config: { ...volumeAt('/run/x'), root: { readonly: false } },
    message: 'writable',
  },
  {
    name: 'a build step by its own word',
    config: { root: { readonly: null } },
    identity: { engine: 'buildkit' },
    message: 'writable',
  },
  { name: 'a volume over /usr', config: volumeAt('/usr'), message: 'covered', fixable: false },
  { name: 'a volume over the root', config: volumeAt('/.//'), message: 'covered', fixable: false },
  {
    name: 'a volume over /etc that climbs',
    config: volumeAt('/proc/../etc/'),
    message: 'covered',
    fixable: false,
  },
  { name: 'rw after ro', config: volumeAt('/bin', 'ro', 'rw'), message: 'covered', fixable: false },
  {
    name: 'a tmpfs over programs',
    config: { mounts: [{ destination: '/opt', type: 'tmpfs' }] },
    message: 'covered',
    fixable: false,
  },
]
