/** Ways round the rules on what only the engine's own files tell: ports, restarts, health checks, networks, images. */
import type { Json } from '../../src/core/json.ts'
import type { Attempt, Evasions, Trial } from '../support/evasion.ts'
import { imageMade, laterChange, outside } from './beyond.ts'

const folder = '/var/lib/docker/containers/@id'

/** A container of Docker, with this in its hostconfig.json. */
const docker = (by: string, says: RegExp, host: Json): Attempt => ({
  by,
  says,
  as: 'docker',
  files: { [`${folder}/hostconfig.json`]: host },
})

const dockerContainer = (by: string, says: RegExp, container: Json): Attempt => ({
  by,
  says,
  as: 'docker',
  files: { [`${folder}/config.v2.json`]: container },
})

const hostNetwork: readonly Trial[] = (['nobody', 'docker'] as const).map((as) => ({
  by: 'host-network',
  says: /network namespace/,
  as,
  config: { linux: { namespaces: ['mount', 'uts', 'pid', 'ipc'].map((type) => ({ type })) } },
  files: as === 'docker' ? { [`${folder}/hostconfig.json`]: { NetworkMode: 'host' } } : {},
}))

const publishAll: Attempt = {
  ...docker('needed-ports', /every port/, { PublishAllPorts: true, PortBindings: {} }),
}

/** A tag says nothing of its content; a site that fears that asks for digests. */
const unpinned: Attempt = {
  ...dockerContainer('latest-image', /without a digest/, {}),
  policy: 'require-digest = true',
  harmless: {
    files: {
      [`${folder}/config.v2.json`]: {
        Config: { Image: `registry.example/shop@sha256:${'0a'.repeat(32)}` },
      },
    },
  },
}

export const engineToldEvasions: Evasions = {
  'privileged-ports': {
    '--network host, then bind directly': hostNetwork,
    'docker service publish': [outside],
    'iptables/socat outside': [outside],
    'PublishAllPorts with EXPOSE': [
      publishAll,
      docker('privileged-ports', /80/, {
        PublishAllPorts: true,
        PortBindings: { '80/tcp': [{ HostIp: '', HostPort: '80' }] },
      }),
    ],
  },
  'needed-ports': {
    'host network': hostNetwork,
    'docker network connect after start (no runc call)': [laterChange],
  },
  'bind-host-interface': {
    'host network': hostNetwork,
    PublishAllPorts: [publishAll, { ...publishAll, by: 'bind-host-interface', says: /every address/ }],
  },
  'restart-policy': {
    'docker update --restart afterwards calls no runc': [
      // As the next start of the container shows it.
      docker('restart-policy', /without end/, { RestartPolicy: { Name: 'always', MaximumRetryCount: 0 } }),
      docker('restart-policy', /without end/, {
        RestartPolicy: { Name: 'on-failure', MaximumRetryCount: 0 },
      }),
      laterChange,
    ],
  },
  'health-check': {
    '--health-cmd true': [
      ['CMD-SHELL', 'true'],
      ['CMD', '/bin/true'],
      ['CMD-SHELL', 'check || exit 0'],
      ['CMD-SHELL', ' true ; '],
      ['CMD', 'sh', '-c', ':'],
    ].map((Test) => dockerContainer('health-check', /cannot fail/, { Config: { Healthcheck: { Test } } })),
  },
  'image-healthcheck': {
    // Docker lays the check of the image into the container's own file.
    'CMD true': [
      ['CMD', 'true'],
      ['CMD-SHELL', 'true'],
    ].map((Test) => dockerContainer('health-check', /cannot fail/, { Config: { Healthcheck: { Test } } })),
  },
  'trusted-base': {
    retag: [unpinned],
    'COPY --from': [imageMade],
  },
  'latest-image': {
    'retag old content': [
      unpinned,
      dockerContainer('latest-image', /tag that moves/, {
        Config: { Image: 'registry.example/shop:latest' },
      }),
    ],
  },
  'default-bridge': {
    'docker network connect bridge <c> later: no runc call, audit only': [
      // As the next start of the container shows it.
      dockerContainer('default-bridge', /default bridge/, {
        NetworkSettings: { Networks: { shop: {}, bridge: {} } },
      }),
      laterChange,
    ],
  },
}
