import { describe, expect, test } from '@jest/globals'
import { isAllowedHook, isInterpreter, isLoaderVariable } from './hook-allowance.ts'

describe('isAllowedHook', () => {
  test.each([
    ['nvidia-ctk', '/usr/bin/nvidia-ctk', ['nvidia-ctk', 'hook'], true],
    ['nvidia-ctk', '/usr/bin/nvidia-ctk-other', [], false],
    ['nvidia-ctk hook', '/usr/bin/nvidia-ctk', ['nvidia-ctk', 'runtime', 'hook'], false],
    [
      'nerdctl internal oci-hook',
      '/usr/local/bin/nerdctl',
      ['x', 'internal', 'oci-hook', 'createRuntime'],
      true,
    ],
    ['nerdctl internal oci-hook', '/usr/local/bin/nerdctl', ['nerdctl', 'internal'], false],
    ['/usr/libexec/oci/hooks.d/*', '/usr/libexec/oci/hooks.d/oci-umount', [], true],
    ['/usr/libexec/oci/hooks.d/*', '/usr/libexec/oci/hooks.d/../../../../tmp/x', [], false],
    ['hook', '/hook/other', [], false],
  ])('%s for %s %j: %s', (entry, path, args, allowed) => {
    expect(isAllowedHook({ path, args }, [entry])).toBe(allowed)
  })
})

test.each(['/bin/sh', '/usr/bin/bash', '/usr/bin/python3.11', '/usr/bin/env', '/lib64/ld-linux-x86-64.so.2'])(
  '%s runs what it is told',
  (path) => expect(isInterpreter(path)).toBe(true),
)

test.each(['/usr/bin/nvidia-ctk', '/sh/hook', '/usr/bin/shellinabox', '/usr/sbin/oci-umount'])(
  '%s does its own',
  (path) => expect(isInterpreter(path)).toBe(false),
)

test('variables of the loader, and not those that only look alike', () => {
  expect(['LD_PRELOAD=/x', 'LD_AUDIT=', 'ENV=/x'].every(isLoaderVariable)).toBe(true)
  expect(['OLD_PATH=/x', 'NVIDIA_DEBUG=1', 'ENVIRONMENT=x'].some(isLoaderVariable)).toBe(false)
})
