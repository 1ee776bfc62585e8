import { expect, test } from '@jest/globals'
import { dockerContext } from './docker-context.ts'

const container = {
  Config: { Image: 'web:1.2', Healthcheck: { Test: ['CMD-SHELL', 'curl -f localhost'] } },
  NetworkSettings: { Networks: { bridge: {} } },
}
const host = {
  NetworkMode: 'default',
  PublishAllPorts: true,
  RestartPolicy: { Name: 'on-failure', MaximumRetryCount: 3 },
  PortBindings: {
    '80/tcp': [
      { HostIp: '', HostPort: '8080' },
      { HostIp: '127.0.0.1', HostPort: '' },
    ],
    '81/tcp': null,
  },
}

test('both files are read for what they say', () => {
  expect(dockerContext(container, host)).toEqual({
    ports: {
      status: 'known',
      value: [
        { container: '80/tcp', hostIp: '', hostPort: '8080' },
        { container: '80/tcp', hostIp: '127.0.0.1', hostPort: '' },
      ],
    },
    publishesAll: { status: 'known', value: true },
    restart: { status: 'known', value: { name: 'on-failure', retries: 3 } },
    healthCheck: { status: 'known', value: ['CMD-SHELL', 'curl -f localhost'] },
    networks: { status: 'known', value: ['bridge'] },
    image: { status: 'known', value: 'web:1.2' },
  })
})

test('files that say nothing are a container with nothing', () => {
  const context = dockerContext({ Config: { Image: 'a' } }, {})
  expect(context.ports).toEqual({ status: 'known', value: [] })
  expect(context.restart).toEqual({ status: 'known', value: { name: 'no', retries: 0 } })
  expect(context.healthCheck).toEqual({ status: 'known', value: [] })
  expect(context.networks).toEqual({ status: 'known', value: ['bridge'] })
})

test('a network asked for and others attached are all named', () => {
  const attached = { NetworkSettings: { Networks: { backend: null } } }
  expect(dockerContext(attached, { NetworkMode: 'frontend' }).networks).toEqual({
    status: 'known',
    value: ['frontend', 'backend'],
  })
})

test.each([
  ['no files', undefined, undefined],
  ['a file of another shape', [], 'text'],
] as const)('%s: unknown, or nothing read into it', (_, one, other) => {
  const context = dockerContext(one === undefined ? undefined : [], other)
  expect(context.image.status).toBe('unknown')
  expect(context.ports).toEqual(other === undefined ? context.restart : { status: 'known', value: [] })
})
