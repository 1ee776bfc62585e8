/** Forbids a working directory that leads through the descriptors a runtime has open on the host. */
import { descriptorFolder } from '../../core/descriptor-folders.ts'
import { shownPath } from '../../core/host-paths.ts'
import { place } from '../../core/patch.ts'
import { defineRule } from '../../core/rule.ts'

export const workingDirectory = defineRule({
  id: 'working-directory',
  title: 'Ensure that the working directory does not lead out of the container',
  severity: 'critical',
  category: 'process',
  references: [
    { url: 'https://github.com/opencontainers/runc/security/advisories/GHSA-xr7r-f8xq-vfvv' },
    { url: 'https://www.cve.org/CVERecord?id=CVE-2024-21626' },
    { url: 'https://man7.org/linux/man-pages/man5/proc_pid_fd.5.html' },
  ],
  rationale:
    'A process that starts in /proc/self/fd/N starts in whatever folder of the host its runtime had open there, and reaches the whole host by `..`. runc checks this by itself from 1.1.12 on; older ones do not.',
  appliesTo: ['create', 'run', 'restore', 'exec'],
  parameters: {},
  messages: {
    descriptor: {
      what: 'the working directory {actual} leads to the descriptors of a process',
      why: 'What the runtime has open on the host is entered that way.',
      remedy: {
        docker: 'change -w/--workdir, or WORKDIR of the image',
        podman: 'change -w/--workdir, or WORKDIR of the image',
        kubernetes: 'set workingDir of the container, or change WORKDIR of the image',
        ctr: 'change --cwd, or WORKDIR of the image',
        default: 'change cwd of the process, or leave out --cwd',
      },
    },
  },
  probes: ({ process }) => {
    const cwd = process?.cwd ?? '/'
    return cwd === '/' || cwd === '' ? [] : [{ path: cwd, kind: 'inside' }]
  },
  check: (input) => {
    const { operation, process, asked } = input
    const cwd = process?.cwd ?? '/'
    const found = cwd === '/' || cwd === '' ? undefined : descriptorFolder(cwd, input)
    if (found === undefined) return []
    const through = found.links === '' ? '' : ` through ${shownPath(found.links)}`
    const met = cwd.includes(found.path) ? '' : ` (${shownPath(found.path)}${through})`
    return [
      {
        message: 'descriptor',
        pointer: operation === 'exec' ? '/cwd' : '/process/cwd',
        actual: shownPath(cwd) + met,
        expected: 'a folder of the container',
        ...(operation === 'exec' && asked?.cwd === cwd ? { standing: true } : {}),
      },
    ]
  },
  fix: (observations, { operation, config, process, call }) => {
    // A restored process is where its checkpoint left it; a command line is not rewritten.
    if (operation === 'restore' || call.described) return []
    return observations.map(({ pointer }) => place(operation === 'exec' ? process : config, pointer, '/'))
  },
  examples: {
    good: [
      { name: 'a folder of the image', process: { cwd: '/srv/app' } },
      { name: 'names that only look alike', process: { cwd: '/proc/self/fdinfo/../../sys' } },
      { name: 'folders of the image named so', process: { cwd: '/data/proc/self/fd' } },
      {
        name: 'a link within the image',
        process: { cwd: '/app' },
        facts: { onHost: true, inside: { '/app': { real: '/srv', links: ['/app -> srv'], exists: true } } },
      },
      {
        name: 'a folder of the host that is mounted',
        process: { cwd: '/work/fd/3' },
        config: { mounts: [{ destination: '/work', type: 'bind', source: '/srv', options: ['bind'] }] },
      },
    ],
    bad: [
      {
        name: 'a descriptor of the runtime (CVE-2024-21626)',
        process: { cwd: '/proc/self/fd/8' },
        message: 'descriptor',
      },
      {
        name: 'by number, by thread and not in its shortest form',
        process: { cwd: 'proc//./self/task/../task/1/fd/../fd/7/' },
        message: 'descriptor',
      },
      { name: 'by the thread itself', process: { cwd: '/proc/thread-self/fd/9' }, message: 'descriptor' },
      { name: 'by the link in /dev', process: { cwd: '/dev/fd/8' }, message: 'descriptor' },
      { name: 'the root of another process', process: { cwd: '/proc/1/root/etc' }, message: 'descriptor' },
      {
        name: 'a link in the image',
        process: { cwd: '/app/run' },
        facts: {
          onHost: true,
          inside: {
            '/app/run': {
              real: '/proc/self/fd/8',
              links: ['/app/run -> /proc/self/fd/8'],
              exists: false,
              descriptors: '/proc/self/fd/8',
            },
          },
        },
        message: 'descriptor',
      },
      {
        name: 'a folder above the descriptor, which is not that of its text',
        process: { cwd: '/proc/self/fd/7/../../..' },
        message: 'descriptor',
      },
      {
        name: 'the same by a link in the image',
        process: { cwd: '/work/../../..' },
        facts: {
          onHost: true,
          inside: {
            '/work/../../..': {
              real: '/proc/self/fd/8/../../..',
              links: ['/work -> /proc/self/fd/8'],
              exists: false,
              descriptors: '/proc/self/fd/8',
            },
          },
        },
        message: 'descriptor',
      },
      {
        name: 'by links of the kernel, from which `..` leads elsewhere than by their text',
        process: { cwd: '/proc/net/../fd/7' },
        message: 'descriptor',
      },
      {
        name: 'by those of the thread',
        process: { cwd: '/proc/thread-self/../../fd/7' },
        message: 'descriptor',
      },
      {
        name: 'through a volume that is the folder of a process',
        process: { cwd: '/x/7' },
        config: { mounts: [{ destination: '/x', type: 'bind', source: '/proc/1/fd', options: ['bind'] }] },
        message: 'descriptor',
      },
      {
        name: 'through another mount of proc',
        process: { cwd: '/mnt/self/fd/8' },
        config: { mounts: [{ destination: '/mnt', type: 'proc', source: 'proc' }] },
        message: 'descriptor',
      },
      {
        name: 'through the root of the host, by a link in the image',
        process: { cwd: '/here' },
        config: { mounts: [{ destination: '/host', type: 'bind', source: '/', options: ['rbind'] }] },
        facts: {
          onHost: true,
          inside: {
            '/here': {
              real: '/host/proc/self/fd/3',
              links: ['/here -> host/proc/self/fd/3'],
              exists: false,
              descriptors: '/proc/self/fd/3',
            },
          },
        },
        message: 'descriptor',
      },
      {
        name: 'an exec with a file',
        operation: 'exec',
        process: { cwd: '/proc/self/fd/7' },
        message: 'descriptor',
      },
      {
        name: 'runc exec --cwd',
        operation: 'exec',
        call: { described: true },
        process: { cwd: '/proc/self/fd/7' },
        message: 'descriptor',
        fixable: false,
      },
      {
        name: 'a restore',
        operation: 'restore',
        process: { cwd: '/proc/self/fd/7' },
        message: 'descriptor',
        fixable: false,
      },
    ],
  },
})
