/** Forbids annotations that make a runtime behave otherwise than the configuration says. */
import { shownPath } from '../../core/host-paths.ts'
import { type PatchOperation, pointer } from '../../core/patch.ts'
import { matchesGlob } from '../../core/policy.ts'
import { defineRule } from '../../core/rule.ts'

export const runtimeAnnotations = defineRule({
  id: 'runtime-annotations',
  title: 'Ensure that annotations do not change what the runtime does',
  severity: 'high',
  category: 'integrity',
  references: [
    { url: 'https://github.com/containers/crun/blob/main/crun.1.md#extensions-to-oci' },
    { url: 'https://github.com/opencontainers/runc/blob/main/docs/systemd.md#auxiliary-properties' },
    { url: 'https://criu.org/Configuration_files' },
    { url: 'https://github.com/cncf-tags/container-device-interface' },
  ],
  rationale:
    'Runtimes take orders from annotations: crun appends the output of hooks to any file, loads another seccomp filter or another handler, runc gives properties to systemd and a configuration file to CRIU, all as root of the host. Whoever asks for a container may write annotations.',
  appliesTo: ['create', 'run', 'restore'],
  parameters: {
    deny: {
      type: 'array',
      items: { type: 'string' },
      description: 'Annotations that are forbidden; `*` stands for any characters.',
      default: [
        'run.oci.*',
        'module.wasm.*',
        'krun.*',
        'org.systemd.property.*',
        'org.criu.config',
        'io.katacontainers.*',
        'dev.gvisor.*',
        'com.docker.*',
        'cdi.k8s.io/*',
      ],
    },
    allow: {
      type: 'array',
      items: { type: 'string' },
      description:
        'Exceptions from these: what Podman and CRI-O write by themselves, and labels of compose and swarm.',
      default: [
        'run.oci.delegate-cgroup',
        'run.oci.keep_original_groups',
        'run.oci.mount_context_type',
        'run.oci.systemd.subgroup',
        'org.systemd.property.After',
        'org.systemd.property.CollectMode',
        'org.systemd.property.DefaultDependencies',
        'org.systemd.property.KillSignal',
        'org.systemd.property.TimeoutStopUSec',
        'com.docker.compose.*',
        'com.docker.swarm.*',
      ],
    },
  },
  messages: {
    forbidden: {
      what: 'the annotation {actual} changes what the runtime does',
      why: 'The runtime obeys it as root, whatever the rest of the configuration says.',
      remedy: {
        docker: 'leave out that --annotation',
        podman: 'leave out that --annotation',
        kubernetes: 'remove that annotation from the pod',
        ctr: 'leave out that --annotation or --label',
        default: 'remove the annotation',
      },
    },
  },
  check: ({ config }, { deny, allow }) => {
    const keys = Object.keys(config?.annotations ?? {})
    if (keys.length === 0) return []
    const forbids = matcherOf(deny)
    return keys
      .filter((key) => forbids(key) && !allow.some((pattern) => matchesGlob(pattern, key)))
      .map((key) => ({
        message: 'forbidden',
        pointer: pointer('annotations', key),
        actual: shownPath(key),
        expected: 'not set',
      }))
  },
  fix: (observations) => observations.map(({ pointer: path }): PatchOperation => ({ op: 'remove', path })),
  examples: {
    good: [
      { name: 'no annotations' },
      { name: 'annotations nobody obeys', config: { annotations: { owner: 'shop', 'run.ocid': 'x' } } },
      {
        name: 'what Podman and CRI-O write by themselves',
        config: {
          annotations: {
            'org.systemd.property.TimeoutStopUSec': 'uint64 10000000',
            'org.systemd.property.KillSignal': '15',
            'run.oci.mount_context_type': 'rootcontext',
            'run.oci.systemd.subgroup': '',
          },
        },
      },
      {
        name: 'one that the policy allows',
        config: { annotations: { 'run.oci.handler': 'wasm' } },
        parameters: { allow: ['run.oci.handler'] },
      },
    ],
    bad: [
      {
        name: 'output of hooks appended to a file of the host',
        config: { annotations: { 'run.oci.hooks.stdout': '/etc/cron.d/x' } },
        message: 'forbidden',
      },
      {
        name: 'another seccomp filter, beside an ordinary annotation',
        config: { annotations: { owner: 'shop', 'run.oci.seccomp_bpf_data': 'AAAA' } },
        message: 'forbidden',
      },
      {
        name: 'a virtual machine, a WebAssembly module',
        config: { annotations: { 'krun.cpus': '64', 'module.wasm.image/variant': 'compat' } },
        message: 'forbidden',
      },
      {
        name: 'any property of the systemd unit',
        config: { annotations: { 'org.systemd.property.ExecStartPre': "['/x']" } },
        message: 'forbidden',
      },
      {
        name: 'a configuration file for CRIU, which names programs to start',
        config: { annotations: { 'org.criu.config': '/srv/criu.conf' } },
        message: 'forbidden',
      },
      {
        name: 'another hypervisor, a device',
        config: {
          annotations: {
            'io.katacontainers.config.hypervisor.path': '/x',
            'cdi.k8s.io/gpu': 'nvidia.com/gpu=all',
          },
        },
        message: 'forbidden',
      },
    ],
  },
})

/** Patterns that end in their only `*` are most of them, and a prefix costs least. */
const matcherOf = (patterns: readonly string[]): ((key: string) => boolean) => {
  const prefixes = patterns.filter((pattern) => pattern.indexOf('*') === pattern.length - 1)
  const heads = prefixes.map((pattern) => pattern.slice(0, -1))
  const others = patterns.filter((pattern) => !prefixes.includes(pattern))
  return (key) =>
    heads.some((head) => key.startsWith(head)) || others.some((pattern) => matchesGlob(pattern, key))
}
