/** Ways round the rules on commands started in a container, on users and on groups. */
import type { Attempt, Evasions } from '../support/evasion.ts'
import { noRuntime, otherName } from './beyond.ts'
import { gaining } from './privilege.ts'

const exec = (by: string, says: RegExp, more: Partial<Attempt>): Attempt => ({
  by,
  says,
  operation: 'exec',
  ...more,
})

const asRoot: Attempt = {
  by: 'container-user',
  says: /as root/,
  config: { process: { user: { uid: 0, gid: 0 } } },
}

/** A volume on which setuid programs count. */
const withoutFlags: Attempt = {
  by: 'mount-flags',
  says: /nosuid/,
  verdict: 'fix',
  shell: 'mkdir volume',
  mounts: [{ destination: '/volume', type: 'bind', source: '@here/volume', options: ['rbind', 'rw'] }],
}

export const execEvasions: Evasions = {
  'exec-privileged': {
    '--cap flags instead of process.json': [
      ...['--cap', '-c'].map((flag) =>
        exec('exec-privileged', /CAP_SYS_ADMIN/, { flags: [flag, 'CAP_SYS_ADMIN'] }),
      ),
      exec('capabilities', /CAP_SYS_ADMIN/, { flags: ['--cap=CAP_SYS_ADMIN'] }),
      exec('exec-privileged', /setuid programs/, { flags: ['--no-new-privs=false'] }),
      // crun takes nothing from the bundle for a process that flags describe.
      {
        ...exec('exec-privileged', /setuid programs/, { runtime: 'crun' }),
        harmless: { runtime: 'crun', flags: ['--no-new-privs'] },
      },
    ],
    'exec in a privileged container is not distinguishable (create rule covers it)': [
      { by: 'privileged', says: /all capabilities/, config: { process: { capabilities: null } } },
    ],
    '--cgroup to escape limits': ['../..', 'memory:../neighbour', '/../..'].flatMap((path) =>
      ['exec-privileged', 'cgroup-parent'].map((by) => exec(by, /cgroup/, { flags: ['--cgroup', path] })),
    ),
    '--preserve-fds leaks': [
      exec('runtime-flags', /would inherit/, { flags: ['--preserve-fds', '1'], process: {} }),
      exec('runtime-flags', /would inherit/, { flags: ['--preserve-fds=3'] }),
    ],
    'nsenter from the host never calls runc': [noRuntime],
  },
  'exec-root-user': {
    'sudo/su in the container': gaining,
    'uid of another privileged account e.g. 0 mapped by setuid': [
      exec('exec-root-user', /user 0|uid 0|root/, { process: { user: { uid: 0, gid: 0 } } }),
      exec('exec-root-user', /would run as/, {
        process: { user: { uid: 33, gid: 33 } },
        policy: 'mode = "any-change"',
      }),
      ...gaining,
    ],
  },
  'privileged-exec-history': {
    'attacker mimics a probe: cache on full content, not argv': [
      exec('exec-privileged', /CAP_SYS_ADMIN/, {
        before: { process: { args: ['/bin/check'] } },
        process: { args: ['/bin/check'], capabilities: { bounding: ['CAP_SYS_ADMIN'] } },
      }),
      exec('exec-root-user', /would run as/, {
        before: { process: { args: ['/bin/check'] } },
        process: { args: ['/bin/check'], user: { uid: 0, gid: 0 } },
      }),
    ],
  },
  'no-sshd': {
    'rename or copy the binary': [
      {
        by: 'no-sshd',
        says: /sshd/,
        shell:
          'mkdir -p bundle/rootfs/usr/sbin; echo > bundle/rootfs/usr/sbin/sshd; ln -s /usr/sbin/sshd bundle/rootfs/app',
        config: { process: { args: ['/app', '-D'] } },
      },
      otherName,
    ],
    'start with exec after create': [
      exec('no-sshd', /sshd/, { process: { args: ['/usr/sbin/sshd', '-D'] } }),
      ...[
        'exec /usr/sbin/sshd',
        'setsid nohup /usr/sbin//sshd -D &',
        'PORT=22 /usr/sbin/sshd',
        'true && sshd',
      ].map((command) => exec('no-sshd', /sshd/, { process: { args: ['sh', '-c', command] } })),
      exec('no-sshd', /sshd/, { process: { args: ['timeout', '60', 'nice', '-n', '5', '/usr/sbin/sshd'] } }),
      exec('no-sshd', /sshd/, { process: { args: ['/usr/sbin/../sbin/sshd'] } }),
    ],
    'static dropbear in a volume': [
      {
        by: 'no-sshd',
        says: /dropbear/,
        shell: 'mkdir volume; echo > volume/dropbear',
        mounts: [{ destination: '/volume', type: 'bind', source: '@here/volume', options: ['rbind'] }],
        config: { process: { args: ['/volume/dropbear', '-F'] } },
      },
    ],
  },
  'extra-groups': {
    '--group-add $(stat -c %g docker.sock)': [
      {
        by: 'supplementary-groups',
        says: /docker of the host/,
        shell:
          'sed -i /^docker:/d /etc/group; echo docker:x:9876: >> /etc/group; chgrp 9876 /run/docker.sock',
        listens: ['/run/docker.sock'],
        mounts: [{ destination: '/s', type: 'bind', source: '/run/docker.sock', options: ['rbind'] }],
        config: { process: { user: { uid: 1000, gid: 1000, additionalGids: [9876] } } },
      },
      {
        by: 'supplementary-groups',
        says: /group of root/,
        config: { process: { user: { uid: 1000, gid: 1000, additionalGids: [0] } } },
      },
    ],
  },
  'image-user': {
    "user 'app' with uid 0 in /etc/passwd": [asRoot],
    'setuid binaries + no NNP': gaining,
    '--user 0 at run': [asRoot, { ...asRoot, config: { process: { user: null } } }],
  },
  'setuid-files': {
    'file capabilities instead of suid': gaining,
    'suid added in a volume': [...gaining, withoutFlags],
    'nosuid missing on volumes': [withoutFlags],
  },
}

/** Of the catalogue's `no-new-privileges`. */
export const startsAsRoot = { 'start as root: NNP has little left to protect': [asRoot] } as const
