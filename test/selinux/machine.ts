/** A machine with SELinux enforcing, under QEMU in software: one boot of an image. */
import { existsSync, mkdtempSync, readFileSync, rmSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'

/** What a boot is to have. */
export interface Boot {
  /** Folder of the image. */
  readonly image: string
  /** Files that are in /root/in, by name, with their paths here; `cases` is run. */
  readonly files: Readonly<Record<string, string>>
  /** Ports of the machine that can be reached from here: theirs, and the one of 127.0.0.1 here. */
  readonly ports?: Readonly<Record<number, number>>
  readonly megabytes?: number
  /** Seconds until it is stopped. */
  readonly limit: number
}

/** A machine that runs. */
export interface Machine {
  /** What the cases have printed so far. */
  results(): string
  /** What the kernel and the services have printed so far. */
  console(): string
  /** Until it powers off, or its time is up. */
  ended: Promise<void>
  /** Stops it where it still runs, and removes its files. */
  close(): Promise<void>
}

/** Boots the image once; what it writes to its root disk is not kept. */
export const startMachine = async ({
  image,
  files,
  ports = {},
  megabytes = 1024,
  limit,
}: Boot): Promise<Machine> => {
  const folder = mkdtempSync(join(tmpdir(), 'lintel-selinux-'))
  const archive = join(folder, 'in.tar')
  await writeArchive(archive, files)
  const running = execa(
    'qemu-system-x86_64',
    [
      ...['-machine', 'pc,accel=tcg', '-cpu', 'max', '-m', `${megabytes}`, '-nodefaults', '-no-user-config'],
      ...['-display', 'none', '-monitor', 'none', '-no-reboot'],
      ...['console', 'results'].flatMap((name) => ['-serial', `file:${join(folder, name)}`]),
      ...[
        '-kernel',
        join(image, 'vmlinuz'),
        '-initrd',
        join(image, 'initrd.img'),
        '-append',
        kernelArguments,
      ],
      ...disk(join(image, 'root.img'), 'snapshot=on'),
      ...disk(archive, 'readonly=on'),
      ...network(ports),
    ],
    { stdio: 'ignore', timeout: limit * 1000, reject: false },
  )
  const printed = (name: string): string => {
    const file = join(folder, name)
    return existsSync(file) ? readFileSync(file, 'utf8').replaceAll('\r', '') : ''
  }
  const ended = running.then(() => undefined)
  return {
    results: () => printed('results'),
    console: () => printed('console'),
    ended,
    close: async () => {
      running.kill()
      await ended
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

const writeArchive = async (archive: string, files: Boot['files']): Promise<void> => {
  const renamed = Object.entries(files).flatMap(([name, path]) => [
    `--transform=s,^${path.slice(1)}$,${name},`,
    path,
  ])
  await execa('tar', ['--create', '--file', archive, '--owner=0', '--group=0', ...renamed], {
    stdio: 'ignore',
  })
  // A disk has whole sectors; tar stops at its own end.
  truncateSync(archive, Math.ceil(readFileSync(archive).length / 512) * 512 + 512)
}

const disk = (file: string, mode: string): readonly string[] => [
  '-drive',
  `file=${file},if=virtio,format=raw,${mode}`,
]

/** Nothing but these ports: the machine itself reaches nobody. */
const network = (ports: Readonly<Record<number, number>>): readonly string[] => {
  const forwarded = Object.entries(ports).map(
    ([guest, host]) => `,hostfwd=tcp:127.0.0.1:${host}-10.0.2.15:${guest}`,
  )
  if (forwarded.length === 0) return []
  return [
    ...['-netdev', `user,id=outside,restrict=on${forwarded.join('')}`],
    ...['-device', 'virtio-net-pci,netdev=outside,romfile='],
  ]
}

/** Debian's default module is AppArmor; denials stand in the kernel's log, so it must hold all of them. */
const kernelArguments = [
  'console=ttyS0',
  'loglevel=4',
  'panic=-1',
  'security=selinux',
  'selinux=1',
  'enforcing=1',
  'printk.devkmsg=on',
  'log_buf_len=4M',
  'random.trust_cpu=on',
].join(' ')
