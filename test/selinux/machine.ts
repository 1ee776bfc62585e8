/** A machine with SELinux enforcing, under QEMU in software: its image, kept between runs, and one boot of it. */
import { createHash } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'

const here = fileURLToPath(new URL('.', import.meta.url))
const project = join(here, '../..')
const module = join(project, 'install/selinux/lintel.cil')
const cache = join(project, 'node_modules/.cache/lintel')

/** Folder with `root.img`, `vmlinuz` and `initrd.img`, made anew only where what they are made of has changed. */
export const openImage = async (): Promise<string> => {
  const hash = createHash('sha256')
    .update(readFileSync(module))
    .update(readFileSync(join(here, 'build-image.sh')))
  for (const name of readdirSync(join(here, 'guest')).toSorted())
    if (name !== 'cases') hash.update(name).update(readFileSync(join(here, 'guest', name)))
  const folder = join(cache, `selinux-${hash.digest('hex').slice(0, 16)}`)
  if (existsSync(folder)) return folder
  mkdirSync(cache, { recursive: true })
  const unfinished = mkdtempSync(join(cache, 'unfinished-selinux-'))
  await execa('sh', [join(here, 'build-image.sh'), unfinished, module], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  for (const name of readdirSync(cache))
    if (name.startsWith('selinux-')) rmSync(join(cache, name), { recursive: true })
  renameSync(unfinished, folder)
  return folder
}

export interface Boot {
  /** What the cases printed. */
  readonly results: string
  /** What the kernel and the services printed. */
  readonly console: string
}

/** Boots the image once, with these files (name to path here) in /root/in, and waits until it powers off. */
export const boot = async (image: string, files: Readonly<Record<string, string>>): Promise<Boot> => {
  const folder = mkdtempSync(join(tmpdir(), 'lintel-selinux-'))
  const archive = join(folder, 'in.tar')
  const renamed = Object.entries(files).flatMap(([name, path]) => [
    `--transform=s,^${path.slice(1)}$,${name},`,
    path,
  ])
  await execa('tar', ['--create', '--file', archive, '--owner=0', '--group=0', ...renamed], {
    stdio: 'ignore',
  })
  // A disk has whole sectors; tar stops at its own end.
  truncateSync(archive, Math.ceil(readFileSync(archive).length / 512) * 512 + 512)
  const port = (name: string): readonly string[] => ['-serial', `file:${join(folder, name)}`]
  const disk = (file: string, mode: string): readonly string[] => [
    '-drive',
    `file=${file},if=virtio,format=raw,${mode}`,
  ]
  await execa(
    'qemu-system-x86_64',
    [
      ...['-machine', 'pc,accel=tcg', '-cpu', 'max', '-m', '1024', '-nodefaults', '-no-user-config'],
      ...['-display', 'none', '-monitor', 'none', '-no-reboot', ...port('console'), ...port('results')],
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
    ],
    { stdio: 'ignore', timeout: 400_000, reject: false },
  )
  const printed = (name: string): string => {
    const file = join(folder, name)
    return existsSync(file) ? readFileSync(file, 'utf8').replaceAll('\r', '') : ''
  }
  const ended = { results: printed('results'), console: printed('console') }
  rmSync(folder, { recursive: true, force: true })
  return ended
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
