/**
 * lintel's own seccomp filter: an allow-list for ordinary programs, grown by the capabilities a container holds.
 * What a capability opens, and which arguments are looked at, follows moby's profiles/seccomp/default_linux.go.
 */
import type { Json } from './json.ts'

// Names an architecture or an older libseccomp does not have are left out by the runtimes.
const ordinary = {
  files:
    'access cachestat chdir chmod chown close close_range copy_file_range creat dup dup2 dup3 faccessat faccessat2 fallocate fanotify_mark fchdir fchmod fchmodat fchmodat2 fchown fchownat fcntl fdatasync flock fstat fstatfs fsync ftruncate getcwd getdents getdents64 inotify_add_watch inotify_init inotify_init1 inotify_rm_watch ioctl lchown link linkat listmount lseek lstat mkdir mkdirat mknod mknodat name_to_handle_at newfstatat open openat openat2 pipe pipe2 pread64 preadv preadv2 pwrite64 pwritev pwritev2 read readahead readlink readlinkat readv rename renameat renameat2 rmdir sendfile splice stat statfs statmount statx symlink symlinkat sync sync_file_range sync_file_range2 syncfs tee truncate umask unlink unlinkat vmsplice write writev',
  attributes:
    'fgetxattr flistxattr fremovexattr fsetxattr getxattr getxattrat lgetxattr listxattr listxattrat llistxattr lremovexattr lsetxattr removexattr removexattrat setxattr setxattrat',
  processes:
    'arch_prctl execve execveat exit exit_group fork get_robust_list get_thread_area getcpu getpgid getpgrp getpid getppid getpriority getrandom getrlimit getrusage getsid gettid ioprio_get ioprio_set landlock_add_rule landlock_create_ruleset landlock_restrict_self modify_ldt pidfd_open pidfd_send_signal prctl prlimit64 process_mrelease restart_syscall riscv_hwprobe rseq sched_get_priority_max sched_get_priority_min sched_getaffinity sched_getattr sched_getparam sched_getscheduler sched_rr_get_interval sched_setaffinity sched_setattr sched_setparam sched_setscheduler sched_yield seccomp set_robust_list set_thread_area set_tid_address set_tls setpgid setpriority setrlimit setsid sysinfo uname uretprobe vfork wait4 waitid',
  memory:
    'brk cacheflush madvise map_shadow_stack membarrier memfd_create memfd_secret mincore mlock mlock2 mlockall mmap mprotect mremap mseal msync munlock munlockall munmap pkey_alloc pkey_free pkey_mprotect remap_file_pages',
  users:
    'capget capset getegid geteuid getgid getgroups getresgid getresuid getuid setfsgid setfsuid setgid setgroups setregid setresgid setresuid setreuid setuid',
  signals:
    'alarm eventfd eventfd2 kill pause rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigreturn rt_sigsuspend rt_sigtimedwait rt_tgsigqueueinfo sigaltstack signalfd signalfd4 tgkill tkill',
  sockets:
    'accept accept4 bind connect getpeername getsockname getsockopt listen recvfrom recvmmsg recvmsg sendmmsg sendmsg sendto setsockopt shutdown socketpair',
  exchange:
    'mq_getsetattr mq_notify mq_open mq_timedreceive mq_timedsend mq_unlink msgctl msgget msgrcv msgsnd semctl semget semop semtimedop shmat shmctl shmdt shmget',
  time: 'adjtimex clock_adjtime clock_getres clock_gettime clock_nanosleep futimesat getitimer gettimeofday nanosleep setitimer timer_create timer_delete timer_getoverrun timer_gettime timer_settime timerfd_create timerfd_gettime timerfd_settime times utime utimensat utimes',
  waiting:
    'epoll_create epoll_create1 epoll_ctl epoll_ctl_old epoll_pwait epoll_pwait2 epoll_wait epoll_wait_old futex futex_requeue futex_wait futex_waitv futex_wake io_cancel io_destroy io_getevents io_pgetevents io_setup io_submit poll ppoll pselect6 select',
  narrow:
    '_llseek _newselect arm_fadvise64_64 arm_sync_file_range breakpoint chown32 clock_adjtime64 clock_getres_time64 clock_gettime64 clock_nanosleep_time64 fadvise64 fadvise64_64 fchown32 fcntl64 fstat64 fstatat64 fstatfs64 ftruncate64 futex_time64 getegid32 geteuid32 getgid32 getgroups32 getresgid32 getresuid32 getuid32 io_pgetevents_time64 ipc lchown32 lstat64 mmap2 mq_timedreceive_time64 mq_timedsend_time64 ppoll_time64 pselect6_time64 recv recvmmsg_time64 rt_sigtimedwait_time64 sched_rr_get_interval_time64 semtimedop_time64 send sendfile64 setfsgid32 setfsuid32 setgid32 setgroups32 setregid32 setresgid32 setresuid32 setreuid32 setuid32 sigprocmask sigreturn socketcall stat64 statfs64 time timer_gettime64 timer_settime64 timerfd_gettime64 timerfd_settime64 truncate64 ugetrlimit utimensat_time64 waitpid',
} as const

const opened: { readonly [capability: string]: string } = {
  CAP_BPF: 'bpf',
  CAP_DAC_READ_SEARCH: 'open_by_handle_at',
  CAP_PERFMON: 'perf_event_open',
  CAP_SYS_ADMIN:
    'bpf clone clone3 fanotify_init fsconfig fsmount fsopen fspick lookup_dcookie mount mount_setattr move_mount open_tree perf_event_open pivot_root quotactl quotactl_fd setdomainname sethostname setns syslog umount umount2 unshare',
  CAP_SYS_BOOT: 'reboot',
  CAP_SYS_CHROOT: 'chroot',
  CAP_SYS_MODULE: 'delete_module finit_module init_module',
  CAP_SYS_NICE: 'get_mempolicy mbind set_mempolicy set_mempolicy_home_node',
  CAP_SYS_PACCT: 'acct',
  CAP_SYS_PTRACE: 'kcmp pidfd_getfd process_madvise process_vm_readv process_vm_writev ptrace',
  CAP_SYS_RAWIO: 'ioperm iopl',
  CAP_SYS_TIME: 'clock_settime clock_settime64 settimeofday stime',
  CAP_SYS_TTY_CONFIG: 'vhangup',
  CAP_SYSLOG: 'syslog',
}

/** True when one of these capabilities opens the call in the default filter of the engines. */
export const isOpenedBy = (capabilities: readonly string[], call: string): boolean => {
  const paren = call.indexOf('(')
  const name = paren < 0 ? call : call.slice(0, paren)
  return capabilities.some((capability) => ` ${opened[capability] ?? ''} `.includes(` ${name} `))
}

/**
 * The filter for a container with these capabilities (normal spelling), without the `dangerous` calls that none
 * of them opens. Every architecture listed costs the runtime some milliseconds of compiling the filter.
 */
export const defaultSeccomp = (
  capabilities: readonly string[],
  dangerous: readonly string[],
  architectures: readonly string[],
): Json => {
  const byCapability = capabilities.flatMap((name) => opened[name]?.split(' ') ?? [])
  const names = Object.values(ordinary)
    .flatMap((group) => group.split(' '))
    .filter((name) => !dangerous.includes(name))
  const mayClone = byCapability.includes('clone')
  return {
    defaultAction: 'SCMP_ACT_ERRNO',
    defaultErrnoRet: eperm,
    architectures,
    syscalls: [
      { names: [...new Set([...names, ...byCapability])], action: 'SCMP_ACT_ALLOW' },
      ...personalities.map((value) => allowedIf('personality', { op: 'SCMP_CMP_EQ', value })),
      allowedIf('socket', { op: 'SCMP_CMP_NE', value: addressFamilyVsock }),
      ...(mayClone ? [] : withoutNamespaces),
    ],
  }
}

const families: { readonly [machine: string]: readonly string[] } = {
  x86_64: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32'],
  aarch64: ['SCMP_ARCH_AARCH64', 'SCMP_ARCH_ARM'],
}

/** The architectures a process of this machine can run as; of both common families where it is not known. */
export const architecturesOf = (machine: string): readonly string[] =>
  families[machine] ?? Object.values(families).flat()

const eperm = 1
const enosys = 38
const addressFamilyVsock = 40

// PER_LINUX, PER_LINUX32, both with UNAME26, and the query that changes nothing.
const personalities = [0x0, 0x8, 0x20000, 0x20008, 0xffffffff] as const

interface Condition {
  readonly op: string
  readonly value: number
  readonly valueTwo?: number
}

const allowedIf = (name: string, condition: Condition): Json => ({
  names: [name],
  action: 'SCMP_ACT_ALLOW',
  args: [{ index: 0, ...condition }],
})

// A filter cannot look into the structure clone3 takes; ENOSYS makes the C library fall back to clone.
const withoutNamespaces: readonly Json[] = [
  allowedIf('clone', { op: 'SCMP_CMP_MASKED_EQ', value: 0x7e020000, valueTwo: 0 }),
  { names: ['clone3'], action: 'SCMP_ACT_ERRNO', errnoRet: enosys },
]
